import * as z from "zod";
import type { Principal } from "../../access/records.ts";
import { isoTime } from "../../clock.ts";
import { fieldProblem, parseWith } from "../../field-problems.ts";
import { instantInput } from "../../instant-input.ts";
import { invalidRequest } from "../../problem.ts";
import type { Versioned } from "../../records.ts";
import { fail, ok, type Result } from "../../result.ts";
import { scheduledOrQueued } from "../accept/plan-message.ts";
import type { MoveDeps } from "../delivery-deps.ts";
import type { Message } from "../message.ts";
import { moveTo } from "../moves.ts";
import { timelineNote } from "../timeline-notes.ts";
import { moveByCaller } from "./caller-move.ts";

export const rescheduleInput = z.strictObject({ scheduledAt: instantInput });

/**
 * Moves a scheduled message to another time; a time in the past means now. Refuses with `invalid_request` if `body` is
 * not `{scheduledAt}`, and with what `moveByCaller` refuses. Throws `Unavailable`.
 */
export const rescheduleMessage = async (
  deps: MoveDeps,
  principal: Principal,
  wanted: { readonly id: string; readonly body: unknown },
): Promise<Result<Versioned<Message>>> => {
  const parsed = parseWith(rescheduleInput, wanted.body);
  if (!parsed.ok) return parsed;
  const scheduledAtMs = parsed.value.scheduledAt;
  return moveByCaller(deps, {
    principal,
    id: wanted.id,
    command: "reschedule",
    decide: (value) => {
      if (value.expiresAtMs !== null && value.expiresAtMs < scheduledAtMs) {
        return fail(invalidRequest(fieldProblem("/scheduledAt", "after_expiry")));
      }
      const after = moveTo(value, scheduledOrQueued(deps.clock, scheduledAtMs), {
        nowMs: deps.clock.nowMs(),
        note: timelineNote("rescheduled"),
      });
      return ok({ after, announcement: null, detail: { scheduledAt: isoTime(scheduledAtMs) } });
    },
  });
};
