import { signal } from "@preact/signals";
import type { Settings } from "../api/types.ts";
import { api } from "./api.ts";
import { useRemote } from "./remote.ts";

/** What the last read found. It holds for as long as the page does: a process of Relais keeps its Google. */
const lastKnown = signal<Settings["sandbox"] | undefined>(undefined);

/**
 * The local stand-in for Google, null if Relais runs with Google itself, and undefined until that is known. Only
 * operators may read it.
 */
export const useSandbox = (): Settings["sandbox"] | undefined => {
  const { remote } = useRemote("sandbox", async (signal) => {
    const result = await api.settings.get(signal);
    if (result.ok) lastKnown.value = result.value.sandbox;
    return result;
  });
  return remote.phase === "failed" ? (lastKnown.value ?? null) : lastKnown.value;
};
