import { type Clock, DAY, HOUR, MINUTE } from "../clock.ts";
import { type Attempt, isInRecord, type Message, type Recipient } from "./message.ts";
import { type Change, moveTo } from "./moves.ts";
import { withKinds } from "./recipient-kind.ts";
import { type FinalStatus, type MessageIn, STATUSES, type StatusBefore } from "./statuses.ts";
import { timelineNote } from "./timeline-notes.ts";

/** How long a failed message keeps its body for `retry`, but never as long as the record that names it. Nominal. */
const FAILED_BODY_MS = 7 * DAY;
const BEFORE_RECORD_MS = HOUR;
/** When a crashed erasure of a large body is resumed. Nominal. */
const ERASE_AGAIN_MS = 5 * MINUTE;

export interface Finish<S extends FinalStatus> extends Change {
  readonly status: S;
  readonly retentionDays: number;
}

/**
 * Moves the message to a final state. This erases an inline body. A body in chunks stays named until `commitMove` has
 * deleted them, so that a crash leaves a message whose erasure is due, and no orphaned chunks. Pure.
 */
export const finish = <S extends FinalStatus>(
  clock: Pick<Clock, "lasting">,
  message: MessageIn<StatusBefore<S>>,
  end: Finish<S>,
): Message => {
  const { status, retentionDays, nowMs } = end;
  const { body } = message;
  const keepsBody = STATUSES[status].body === "kept_for_retry";
  const eraseNow = isInRecord(body) && !keepsBody;
  const keptMs = Math.min(FAILED_BODY_MS, retentionDays * DAY - BEFORE_RECORD_MS);
  const bodyDueAtMs = nowMs + clock.lasting(keepsBody ? keptMs : ERASE_AGAIN_MS);
  const state = {
    status,
    finalAtMs: nowMs,
    dueAtMs: body.kind === "erased" || eraseNow ? null : bodyDueAtMs,
    eraseAtMs: nowMs + clock.lasting(retentionDays * DAY),
  };
  const recipients = end.facts?.recipients ?? message.recipients;
  const facts = {
    ...end.facts,
    recipients: eraseNow ? withKinds(message, recipients) : recipients,
    body: eraseNow ? ({ kind: "erased", atMs: nowMs } as const) : body,
  };
  return moveTo(message, state, { ...end, facts });
};

/**
 * Gives up on a message. If anyone has received it, it must not be reported as failed or expired, since the caller
 * would send it again: it becomes `sent`, and pending recipients are rejected. Pure.
 */
export const giveUp = <S extends "failed" | "expired">(
  clock: Pick<Clock, "lasting">,
  message: MessageIn<StatusBefore<S>>,
  end: Omit<Finish<S>, "status" | "attempt"> & {
    readonly otherwise: S;
    readonly attempt?: Omit<Attempt, "outcome">;
  },
): Message => {
  const { otherwise, attempt, ...change } = end;
  const recipients = change.facts?.recipients ?? message.recipients;
  const status = recipients.some(({ state }) => state === "accepted") ? "sent" : otherwise;
  const left = status === "expired" ? recipients : recipients.map(rejectPending);
  return finish(clock, message, {
    ...change,
    status,
    facts: { ...change.facts, recipients: left },
    ...(attempt !== undefined && status !== "expired" && { attempt: { ...attempt, outcome: status } }),
  });
};

const rejectPending = (recipient: Recipient): Recipient =>
  recipient.state === "pending" ? { ...recipient, state: "rejected" } : recipient;

/** Ends a message whose `expiresAt` has passed. Pure. */
export const expire = (
  clock: Pick<Clock, "lasting">,
  message: MessageIn<StatusBefore<"expired">>,
  end: { readonly nowMs: number; readonly retentionDays: number },
): Message => giveUp(clock, message, { ...end, otherwise: "expired", note: timelineNote("expires_at_passed") });
