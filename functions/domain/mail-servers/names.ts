import type { Principal } from "../access/records.ts";
import type { Records, Write } from "../records.ts";
import { serverNameId } from "./server-name.ts";
import { mayAdminister } from "./visible-server.ts";

interface Named {
  readonly serverId: string;
  readonly name: string;
}

/**
 * The write that gives a server a name; null: it is taken. A name that a server has given up may still stand in programs that send by it, so that
 * only an operator gives it to another one. Throws `Unavailable`.
 */
export const takeName = async (
  records: Records,
  principal: Principal,
  { serverId, name }: Named,
): Promise<Write | null> => {
  const place = { kind: "serverNames", id: serverNameId(name), value: { serverId } } as const;
  const kept = await records.get("serverNames", place.id);
  if (kept === undefined) return { op: "create", ...place };
  const free = kept.value.freed === true && (kept.value.serverId === serverId || mayAdminister(principal));
  return free ? { op: "replace", version: kept.version, ...place } : null;
};

/** The write that frees the name of a server, in the commit that takes it from the server. */
export const freeName = ({ serverId, name }: Named): Write => ({
  op: "put",
  kind: "serverNames",
  id: serverNameId(name),
  value: { serverId, freed: true },
});
