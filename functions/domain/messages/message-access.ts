import { type KeyPermission, type Principal, principalName } from "../access/records.ts";
import type { Records, Versioned } from "../records.ts";
import { fail, ok, type Result } from "../result.ts";
import type { Message } from "./message.ts";

/** Everyone but a key may do whatever may be done with the messages they can see; a key, what it was made for. */
export const mayUseMessages = (principal: Principal, permission: KeyPermission): boolean =>
  principal.kind !== "key" || principal.permissions.includes(permission);

/** A member's messages are those of their own server, whoever sent them; a server that has gone is nobody's own. */
const isOwnServer = async (records: Records, email: string, serverId: string): Promise<boolean> =>
  (await records.get("mailServers", serverId))?.value.username === email;

/** What may be asked of the store: whatever else comes in a path (slashes, other stores' reserved names) is no message's id. */
const ID = /^msg_[A-Za-z0-9_-]{1,64}$/;

/**
 * The message, or `not_found` where there is none or the principal must not know of it: a member's are those of their own server; a key's
 * those it sent itself (it must be able to follow them) and, with `read`, all of its servers. Throws `Unavailable`.
 */
export const visibleMessage = async (
  records: Records,
  principal: Principal,
  id: string,
): Promise<Result<Versioned<Message>>> => {
  const message = ID.test(id) ? await records.get("messages", id) : undefined;
  if (message === undefined) return fail({ code: "not_found" });
  const { caller, serverId } = message.value;
  if (principal.kind === "member") {
    return (await isOwnServer(records, principal.email, serverId)) ? ok(message) : fail({ code: "not_found" });
  }
  if (principal.kind !== "key" || caller === principalName(principal)) return ok(message);
  const covered = principal.servers.length === 0 || principal.servers.includes(serverId);
  return covered && principal.permissions.includes("read") ? ok(message) : fail({ code: "not_found" });
};
