import type { Principal } from "../access/records.ts";
import { conditionalWrite } from "../change-on-condition.ts";
import type { Records, Write } from "../records.ts";
import { mayAdminister } from "./server-access.ts";
import { serverNameId } from "./server-name.ts";

interface NameOfServer {
  readonly serverId: string;
  readonly name: string;
}

/**
 * The write that gives a name to a server; null if it is taken. Programs may still send by a name that a server has
 * given up, so only an operator can give it to another one. Throws `Unavailable`.
 */
export const takeName = async (
  records: Records,
  principal: Principal,
  { serverId, name }: NameOfServer,
): Promise<Write | null> => {
  const id = serverNameId(name);
  const found = await records.get("serverNames", id);
  const free =
    found === undefined ||
    (found.value.freed === true && (found.value.serverId === serverId || mayAdminister(principal)));
  if (!free) return null;
  const { freed: _, ...others } = found?.value ?? { serverId };
  return conditionalWrite("serverNames", { id, version: found?.version }, { ...others, serverId });
};

/** The write that frees a server's name. It must go into the commit that renames or deletes the server. */
export const freeName = async (records: Records, { serverId, name }: NameOfServer): Promise<Write> => {
  const id = serverNameId(name);
  const found = await records.get("serverNames", id);
  return { op: "put", kind: "serverNames", id, value: { ...found?.value, serverId, freed: true } };
};
