import { type Clock, DAY, HOUR, MINUTE } from "../clock.ts";
import { commitEvent, type NewsDeps } from "../commit-news.ts";
import type { CommitOutcome, Records, Versioned } from "../records.ts";
import { eraseBody } from "./body-store.ts";
import type { Attempt, Message, Recipient } from "./message.ts";
import { messageEvent } from "./message-events.ts";
import { type Change, moveTo } from "./moves.ts";
import {
  erasesBody,
  type FinalStatus,
  isFinal,
  type MessageEvent,
  type MessageIn,
  STATUSES,
  type StatusBefore,
} from "./statuses.ts";
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
 * The message in a final state. An inline body goes with this very move; one in chunks stays named until they are deleted (`saveMove`), so that a
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
  const facts = {
    ...finish.facts,
    body: eraseNow ? ({ kind: "erased", atMs: nowMs } as const) : body,
  };
  return moveTo(message, state, { ...finish, facts });
};

export interface GivenUp {
  readonly after: Message;
  readonly event: "sent" | "failed" | "expired";
}

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
): GivenUp => {
  const { otherwise, attempt, ...change } = end;
  const recipients = change.facts?.recipients ?? message.recipients;
  const event = recipients.some(({ state }) => state === "accepted") ? "sent" : otherwise;
  const left = event === "expired" ? recipients : recipients.map(rejectPending);
  const after = finished(clock, message, {
    ...change,
    status: event,
    facts: { ...change.facts, recipients: left },
    ...(attempt !== undefined && event !== "expired" && { attempt: { ...attempt, outcome: event } }),
  });
  return { after, event };
};

const rejectPending = (recipient: Recipient): Recipient =>
  recipient.state === "pending" ? { ...recipient, state: "rejected" } : recipient;

/** The caller's `expiresAt` has passed. Pure. */
export const expired = (
  clock: Pick<Clock, "lasting">,
  message: MessageIn<StatusBefore<"expired">>,
  end: { readonly nowMs: number; readonly retentionDays: number },
): GivenUp => givenUp(clock, message, { ...end, otherwise: "expired", note: timelineNote("expires_at_passed") });

/** The body is gone from the store; `message` is final. Pure. */
export const withoutBody = (message: Message, nowMs: number): Message => {
  if (!isFinal(message)) throw new Error("only a final message loses its body");
  return { ...message, body: { kind: "erased", atMs: nowMs }, dueAtMs: null };
};

/** Deletes the body of a final message, chunks first. A lost race is no matter: whoever won did the same. */
export const eraseFinalBody = async (
  deps: { readonly records: Records; readonly clock: Pick<Clock, "nowMs"> },
  final: Versioned<Message>,
): Promise<void> => {
  await eraseBody(deps, final.value);
  const value = withoutBody(final.value, deps.clock.nowMs());
  await deps.records.commit([{ op: "replace", kind: "messages", id: final.id, version: final.version, value }]);
};

/**
 * Writes a move on condition that nobody moved the message since it was read; undefined when somebody did. Throws `Unavailable`.
 */
export const saveMove = async (
  deps: { readonly records: Records; readonly clock: Pick<Clock, "nowMs"> },
  before: Versioned<Message>,
  after: Message,
): Promise<Versioned<Message> | undefined> => {
  const { id, version } = before;
  return saved(
    deps,
    { id, after },
    await deps.records.commit([{ op: "replace", kind: "messages", id, version, value: after }]),
  );
};

/** As `saveMove`, and the world is told of it even if this process dies in between (`commitEvent`). */
export const saveMoveTelling = async (
  deps: NewsDeps,
  before: Versioned<Message>,
  { after, event }: { readonly after: Message; readonly event: MessageEvent },
): Promise<Versioned<Message> | undefined> => {
  const { id, version } = before;
  const write = { op: "replace", kind: "messages", id, version, value: after } as const;
  return saved(deps, { id, after }, await commitEvent(deps, [write], messageEvent(event, id, after)));
};

const saved = async (
  deps: { readonly records: Records; readonly clock: Pick<Clock, "nowMs"> },
  { id, after }: { readonly id: string; readonly after: Message },
  outcome: CommitOutcome,
): Promise<Versioned<Message> | undefined> => {
  if (!outcome.done) return undefined;
  const final = { id, value: after, version: outcome.versions[0] ?? "" };
  if (after.body.kind === "chunks" && erasesBody(after)) await eraseFinalBody(deps, final);
  return final;
};
