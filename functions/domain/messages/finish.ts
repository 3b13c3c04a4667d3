import { type Clock, DAY, HOUR, MINUTE } from "../clock.ts";
import type { Attempt, Message, Recipient } from "./message.ts";
import { type Change, moveTo } from "./moves.ts";
import { withKinds } from "./recipient-kind.ts";
import { type FinalStatus, type MessageIn, STATUSES, type StatusBefore } from "./statuses.ts";
import { timelineNote } from "./timeline-notes.ts";

/** A failed message's body stays this long, for `retry`; where records go sooner, until shortly before its record, which names it. Nominal. */
const FAILED_BODY_MS = 7 * DAY;
const BEFORE_RECORD_MS = HOUR;
/** When the erasure of a large body is taken up again after a crash. Nominal. */
const ERASE_AGAIN_MS = 5 * MINUTE;

export interface Finish<S extends FinalStatus> extends Change {
  readonly status: S;
  readonly retentionDays: number;
}

/**
 * The message in a final state. An inline body goes with this very move; one in chunks stays named until they are deleted (`commitMove`), so that a
 * crash in between leaves a message whose erasure is due, not chunks that nobody knows of. Pure.
 */
export const finished = <S extends FinalStatus>(
  clock: Pick<Clock, "lasting">,
  message: MessageIn<StatusBefore<S>>,
  finish: Finish<S>,
): Message => {
  const { status, retentionDays, nowMs } = finish;
  const { body } = message;
  const keepsBody = STATUSES[status].body === "kept_for_retry";
  const eraseNow = body.kind === "inline" && !keepsBody;
  const keptMs = Math.min(FAILED_BODY_MS, retentionDays * DAY - BEFORE_RECORD_MS);
  const bodyDueAtMs = nowMs + clock.lasting(keepsBody ? keptMs : ERASE_AGAIN_MS);
  const state = {
    status,
    finalAtMs: nowMs,
    dueAtMs: body.kind === "erased" || eraseNow ? null : bodyDueAtMs,
    eraseAtMs: nowMs + clock.lasting(retentionDays * DAY),
  };
  const recipients = finish.facts?.recipients ?? message.recipients;
  const facts = {
    ...finish.facts,
    recipients: eraseNow ? withKinds(message, recipients) : recipients,
    body: eraseNow ? ({ kind: "erased", atMs: nowMs } as const) : body,
  };
  return moveTo(message, state, { ...finish, facts });
};

/**
 * The message as it is tried no more. Whom it has reached must not be told of as failed or expired, for the caller would send it again: then it is
 * `sent`, and those who still waited are rejected. Pure.
 */
export const givenUp = <S extends "failed" | "expired">(
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
  return finished(clock, message, {
    ...change,
    status,
    facts: { ...change.facts, recipients: left },
    ...(attempt !== undefined && status !== "expired" && { attempt: { ...attempt, outcome: status } }),
  });
};

const rejectPending = (recipient: Recipient): Recipient =>
  recipient.state === "pending" ? { ...recipient, state: "rejected" } : recipient;

/** The caller's `expiresAt` has passed. Pure. */
export const expired = (
  clock: Pick<Clock, "lasting">,
  message: MessageIn<StatusBefore<"expired">>,
  end: { readonly nowMs: number; readonly retentionDays: number },
): Message => givenUp(clock, message, { ...end, otherwise: "expired", note: timelineNote("expires_at_passed") });
