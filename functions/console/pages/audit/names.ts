import { useMemo } from "preact/hooks";
import { api } from "../../state/api.ts";
import { useRemote } from "../../state/remote.ts";
import { useServerNames } from "../../state/server-names.ts";
import type { Names } from "./words.ts";

/** Names of mail servers and keys; the id of one that was deleted. */
export const useNames = (): Names => {
  const server = useServerNames();
  const { remote } = useRemote("key names", (signal) => api.keys.list(signal));
  return useMemo(() => {
    const keys = new Map(remote.phase === "ready" ? remote.value.items.map(({ id, name }) => [id, name]) : []);
    return { server, key: (id) => keys.get(id) ?? id };
  }, [server, remote]);
};
