import type { Principal } from "../access/records.ts";
import { conditionalWrite } from "../change-on-condition.ts";
import type { Records, Write } from "../records.ts";
import { mayAdminister } from "./server-access.ts";
import { serverNameId } from "./server-name.ts";

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
  const id = serverNameId(name);
  const kept = await records.get("serverNames", id);
  const free =
    kept === undefined || (kept.value.freed === true && (kept.value.serverId === serverId || mayAdminister(principal)));
  if (!free) return null;
  const { freed: _, ...others } = kept?.value ?? { serverId };
  return conditionalWrite("serverNames", { id, version: kept?.version }, { ...others, serverId });
};

/** The write that frees the name of a server, in the commit that takes it from the server. */
export const freeName = async (records: Records, { serverId, name }: Named): Promise<Write> => {
  const id = serverNameId(name);
  const kept = await records.get("serverNames", id);
  return { op: "put", kind: "serverNames", id, value: { ...kept?.value, serverId, freed: true } };
};
