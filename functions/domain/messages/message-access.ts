import { hasPermission, type Principal, principalName } from "../access/records.ts";
import { isIdInReach, outOfReach } from "../mail-servers/server-access.ts";
import { isId } from "../randomness.ts";
import type { Records, Versioned } from "../records.ts";
import { fail, ok, type Result } from "../result.ts";
import type { Message } from "./message.ts";

/**
 * The message; `not_found` where there is none. Of a server out of reach, what `outOfReach` says; `forbidden` to a key that may not read and did not
 * send the message itself. Ids are random, so that a refusal tells nobody of a message whom nobody told its id. Throws `Unavailable`.
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
