import { api } from "./api.ts";
import { useRemote } from "./remote.ts";

/** Names of the mail servers that this person sees; an id whose server has gone stands for itself, and dots for a name that is on its way. */
export const useServerNames = (): ((id: string) => string) => {
  const { remote } = useRemote("server names", (signal) => api.servers.list(signal));
  const names = new Map(remote.phase === "ready" ? remote.value.items.map(({ id, name }) => [id, name]) : []);
  return (id) => names.get(id) ?? (remote.phase === "loading" ? "…" : id);
};
