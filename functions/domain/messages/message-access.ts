import { hasPermission, type Principal, principalName } from "../access/records.ts";
import { isIdInReach, outOfReach } from "../mail-servers/server-access.ts";
import { isId } from "../randomness.ts";
import type { Records, Versioned } from "../records.ts";
import { fail, ok, type Result } from "../result.ts";
import type { Message } from "./message.ts";

/**
 * Reads a message that the principal may see. Refuses with `not_found` if there is none, with what `outOfReach` says
 * for its server, and with `forbidden` if the key may not read and did not send it. Ids are random, so a refusal
 * reveals a message only to someone who already knows its id. Throws `Unavailable`.
 */
export const visibleMessage = async (
  records: Records,
  principal: Principal,
  id: string,
): Promise<Result<Versioned<Message>>> => {
  const message = isId("msg", id) ? await records.get("messages", id) : undefined;
  if (message === undefined) return fail({ code: "not_found" });
  const { serverId, caller } = message.value;
  if (!(await isIdInReach(records, principal, serverId))) return fail(outOfReach(principal));
  const readable = caller === principalName(principal) || hasPermission(principal, "read");
  return readable ? ok(message) : fail({ code: "forbidden" });
};
