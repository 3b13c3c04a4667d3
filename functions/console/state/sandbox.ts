import type { Settings } from "../api/types.ts";
import { api } from "./api.ts";
import { useRemote } from "./remote.ts";

/** The local stand-in for Google, if Relais runs with it. Only operators may read that. */
export const useSandbox = (): Settings["sandbox"] => {
  const { remote } = useRemote("sandbox", (signal) => api.settings.get(signal));
  return remote.phase === "ready" ? remote.value.sandbox : null;
};
