import * as z from "zod";
import type { Principal } from "../../access/records.ts";
import { parseWith } from "../../field-problems.ts";
import type { Versioned } from "../../records.ts";
import { ok, type Result } from "../../result.ts";
import { readSettings } from "../../settings/read-settings.ts";
import { queuedNow } from "../accept/plan-message.ts";
import { reached } from "../deliver/resolver.ts";
import type { MoveDeps } from "../delivery-deps.ts";
import { finished, givenUp } from "../finish.ts";
import type { Message } from "../message.ts";
import { messageEvent } from "../message-events.ts";
import { moveTo } from "../moves.ts";
import type { MessageIn } from "../statuses.ts";
import { type TimelineNote, timelineNote } from "../timeline-notes.ts";
import { moveByCaller } from "./caller-move.ts";

const input = z.strictObject({ as: z.enum(["sent", "resend", "failed"]) });
type As = z.output<typeof input>["as"];

const NOTES: Readonly<Record<As, TimelineNote>> = {
  sent: timelineNote("declared_sent"),
  resend: timelineNote("declared_resend"),
  failed: timelineNote("declared_failed"),
};

const resolved = (
  deps: MoveDeps,
  message: MessageIn<"unknown">,
  how: { readonly as: As; readonly retentionDays: number },
): Message => {
  const { as, retentionDays } = how;
  const change = { nowMs: deps.clock.nowMs(), note: NOTES[as] };
  if (as === "resend") return moveTo(message, queuedNow(deps.clock), change);
  const recipients = as === "sent" ? reached(message.recipients) : message.recipients;
  const facts = { recipients };
  // It went out, yet Gmail had turned some recipients down for a while: their try is still to come.
  if (as === "sent" && recipients.some(({ state }) => state === "pending")) {
    return moveTo(message, queuedNow(deps.clock), { ...change, facts });
  }
  const end = { retentionDays, ...change, facts };
  // Whom an earlier try has reached must not be told of as failed: then it is sent, and the others are rejected.
  return as === "failed" && recipients.some(({ state }) => state === "accepted")
    ? givenUp(deps.clock, message, { ...end, otherwise: "failed" })
    : finished(deps.clock, message, { status: as, ...end });
};

/**
 * A person's word on a message of which nobody knows whether it went out. `body`: `{as}`, else `invalid_request`; `wrong_status` for any other message, and
 * what `moveByCaller` refuses. `resend` goes out under the same Message-ID, so that a second copy can be told;
 * `sent` leaves those to be tried whom Gmail had turned down for a while. Throws `Unavailable`.
 */
export const resolveByPerson = async (
  deps: MoveDeps,
  principal: Principal,
  wanted: { readonly id: string; readonly body: unknown },
): Promise<Result<Versioned<Message>>> => {
  const parsed = parseWith(input, wanted.body);
  if (!parsed.ok) return parsed;
  const { as } = parsed.value;
  const { retentionDays } = (await readSettings(deps.records, deps.environment)).value;
  return moveByCaller(deps, {
    principal,
    id: wanted.id,
    command: "resolve",
    decide: (value) => {
      const after = resolved(deps, value, { as, retentionDays });
      return ok({ after, announcement: messageEvent("relais.message.resolved.v1", wanted.id, after), detail: { as } });
    },
  });
};
