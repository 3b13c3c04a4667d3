import * as z from "zod";
import { type Principal, principalName } from "../../access/records.ts";
import { parseWith } from "../../field-problems.ts";
import type { Versioned } from "../../records.ts";
import { ok, type Result } from "../../result.ts";
import { readSettings } from "../../settings/read-settings.ts";
import { sha256Hex } from "../../sha256.ts";
import { queuedNow, scheduledOrQueued } from "../accept/plan-message.ts";
import { markReached } from "../deliver/resolver.ts";
import type { MoveDeps } from "../delivery-deps.ts";
import { finish, giveUp } from "../finish.ts";
import type { Message } from "../message.ts";
import { messageEvent } from "../message-events.ts";
import { callersTimeMs, moveTo } from "../moves.ts";
import type { MessageIn } from "../statuses.ts";
import { type TimelineNote, timelineNote } from "../timeline-notes.ts";
import { moveByCaller } from "./caller-move.ts";

export const resolutionInput = z.strictObject({ as: z.enum(["sent", "resend", "failed"]) });
type As = z.output<typeof resolutionInput>["as"];

/** A late repetition of a decision before these would count as another one. */
const MOST_DECISIONS = 20;

const NOTES: Readonly<Record<As, TimelineNote>> = {
  sent: timelineNote("declared_sent"),
  resend: timelineNote("declared_resend"),
  failed: timelineNote("declared_failed"),
};

/** A restored message may have been scheduled, and its time may still lie ahead. */
const resend = ({ clock }: Pick<MoveDeps, "clock">, message: MessageIn<"unknown">): Message => {
  const state = scheduledOrQueued(clock, callersTimeMs(message));
  const note = state.status === "scheduled" ? timelineNote("declared_on_schedule") : NOTES.resend;
  return moveTo(message, state, { nowMs: clock.nowMs(), note });
};

const resolve = (
  deps: MoveDeps,
  message: MessageIn<"unknown">,
  how: { readonly as: As; readonly retentionDays: number },
): Message => {
  const { as, retentionDays } = how;
  const change = { nowMs: deps.clock.nowMs(), note: NOTES[as] };
  if (as === "resend") return resend(deps, message);
  const recipients = as === "sent" ? markReached(message.recipients) : message.recipients;
  const facts = { recipients };
  // It went out, but Gmail refused some recipients temporarily, so they must be tried again.
  if (as === "sent" && recipients.some(({ state }) => state === "pending")) {
    return moveTo(message, queuedNow(deps.clock), { ...change, facts });
  }
  const end = { retentionDays, ...change, facts };
  // If anyone received it earlier, it must not be reported as failed: it is sent, and the others are rejected.
  return as === "failed" && recipients.some(({ state }) => state === "accepted")
    ? giveUp(deps.clock, message, { ...end, otherwise: "failed" })
    : finish(deps.clock, message, { status: as, ...end });
};

/**
 * Applies a person's decision on a message of which nobody knows whether it went out. Refuses with `invalid_request` if
 * `body` is not `{as}`, and with what `moveByCaller` refuses. `resend` keeps the Message-ID, so that a second copy can
 * be recognized, and waits for the caller's time if that lies ahead; `sent` still tries the recipients that Gmail
 * refused temporarily. A repetition with the same key does nothing, even if the message is in doubt again: the person
 * has decided about the try before. Throws `Unavailable`.
 */
export const resolveByPerson = async (
  deps: MoveDeps,
  principal: Principal,
  wanted: { readonly id: string; readonly body: unknown; readonly idempotencyKey?: string | null },
): Promise<Result<Versioned<Message>>> => {
  const parsed = parseWith(resolutionInput, wanted.body);
  if (!parsed.ok) return parsed;
  const { as } = parsed.value;
  const { idempotencyKey: key = null } = wanted;
  const decision = key === null ? null : sha256Hex(JSON.stringify([principalName(principal), key]));
  const { retentionDays } = (await readSettings(deps.records, deps.environment)).value;
  return moveByCaller(deps, {
    principal,
    id: wanted.id,
    command: "resolve",
    isRepeated: ({ decisions = [] }) => decision !== null && decisions.includes(decision),
    decide: (value) => {
      const resolved = resolve(deps, value, { as, retentionDays });
      const decisions = [...(resolved.decisions ?? []), ...(decision === null ? [] : [decision])].slice(
        -MOST_DECISIONS,
      );
      const after = decisions.length === 0 ? resolved : { ...resolved, decisions };
      return ok({ after, announcement: messageEvent("relais.message.resolved.v1", wanted.id, after), detail: { as } });
    },
  });
};
