import { recordAudit } from "../../access/audit.ts";
import { isPerson, type Principal, principalName } from "../../access/records.ts";
import type { Clock } from "../../clock.ts";
import type { Randomness } from "../../randomness.ts";
import type { Records } from "../../records.ts";
import { fail, ok, type Result } from "../../result.ts";
import { readMailBytes } from "../mail-bytes.ts";
import { visibleMessage } from "../message-access.ts";
import type { ComposeMime } from "../ports.ts";
import { keepsBody } from "../statuses.ts";
import { isUnderstoodMessage } from "../understood.ts";

export interface ContentDeps {
  readonly records: Records;
  readonly clock: Clock;
  readonly random: Randomness;
  readonly composeMime: ComposeMime;
}

/**
 * Reads the mail itself, as it goes out: the one answer that holds a message's body. It is for people alone, and the
 * audit names each reader, before they get anything. Refuses with what `visibleMessage` refuses, `forbidden` to a
 * program, `newer_version`, and `body_erased` once the body is not kept any more. Throws `Unavailable`.
 */
export const readContent = async (deps: ContentDeps, principal: Principal, id: string): Promise<Result<Buffer>> => {
  if (!isPerson(principal)) return fail({ code: "forbidden" });
  const message = await visibleMessage(deps.records, principal, id);
  if (!message.ok) return message;
  const { value } = message.value;
  if (!isUnderstoodMessage(value)) return fail({ code: "newer_version" });
  if (!keepsBody(value)) return fail({ code: "body_erased" });
  const bytes = await readMailBytes(deps, value);
  if (bytes === null) return fail({ code: "body_erased" });
  await recordAudit(deps, { actor: principalName(principal), action: "message.read", target: id });
  return ok(bytes);
};
