import { type KeyPermission, type Principal, principalName } from "../access/records.ts";
import { isOwn } from "../mail-servers/visible-server.ts";
import type { Problem } from "../problem.ts";
import type { Records, Versioned } from "../records.ts";
import { fail, ok, type Result } from "../result.ts";
import type { Message } from "./message.ts";

/** Everyone but a key may do whatever may be done with the messages they can see; a key, what it was made for. */
export const mayUseMessages = (principal: Principal, permission: KeyPermission): boolean =>
  principal.kind !== "key" || principal.permissions.includes(permission);

/** A member's messages are those of their own server, whoever sent them; a deleted server is nobody's own. */
const isOwnServer = async (records: Records, principal: Principal, serverId: string): Promise<boolean> => {
  const server = await records.get("mailServers", serverId);
  return server !== undefined && isOwn(principal, server.value);
};

/** What may be asked of the store: whatever else comes in a path (slashes, other stores' reserved names) is no message's id. */
const ID = /^msg_[A-Za-z0-9_-]{1,64}$/;

/**
 * What keeps a key from a message: `server_not_allowed` outside its servers; `forbidden` where it may not read and did not send the message itself.
 * Ids are random, so that a refusal tells nobody of a message whom nobody told its id.
 */
const keyProblem = (
  principal: Extract<Principal, { readonly kind: "key" }>,
  { caller, serverId }: Message,
): Problem | null => {
  const covered = principal.servers.length === 0 || principal.servers.includes(serverId);
  if (!covered) return { code: "server_not_allowed" };
  return caller === principalName(principal) || principal.permissions.includes("read") ? null : { code: "forbidden" };
};

/**
 * The message; `not_found` where there is none; to a member also where it is not of their own server, and to a key what `keyProblem` says.
 * Throws `Unavailable`.
 */
export const visibleMessage = async (
  records: Records,
  principal: Principal,
  id: string,
): Promise<Result<Versioned<Message>>> => {
  const message = ID.test(id) ? await records.get("messages", id) : undefined;
  if (message === undefined) return fail({ code: "not_found" });
  if (principal.kind === "member") {
    return (await isOwnServer(records, principal, message.value.serverId)) ? ok(message) : fail({ code: "not_found" });
  }
  const problem = principal.kind === "key" ? keyProblem(principal, message.value) : null;
  return problem === null ? ok(message) : fail(problem);
};
