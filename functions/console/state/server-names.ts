import { useMemo } from "preact/hooks";
import { api } from "./api.ts";
import { useRemote } from "./remote.ts";

/** Names of the mail servers that this person sees: the id of a deleted one, and dots while loading. */
export const useServerNames = (): ((id: string) => string) => {
  const { remote } = useRemote("server names", (signal) => api.servers.list(signal));
  return useMemo(() => {
    const names = new Map(remote.phase === "ready" ? remote.value.items.map(({ id, name }) => [id, name]) : []);
    return (id) => names.get(id) ?? (remote.phase === "loading" ? "…" : id);
  }, [remote]);
};
