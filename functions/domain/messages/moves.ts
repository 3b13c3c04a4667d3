import { withoutMembers } from "../without-members.ts";
import type { Attempt, Message, MessageFacts, MessageState, MessageStatus, Recipient } from "./message.ts";
import { isIn, type MessageIn, mayBecome, STATUSES, type StateIn, type StatusBefore } from "./statuses.ts";
import type { TimelineNote } from "./timeline-notes.ts";

/** The changes that come with a new state. */
export interface Change {
  readonly nowMs: number;
  /** A line for a person in the timeline. */
  readonly note?: TimelineNote | null;
  readonly attempt?: Attempt;
  readonly facts?: Partial<Omit<MessageFacts, "attempts" | "timeline" | "updatedAtMs" | "agelessMs" | "expiresAtMs">>;
}

const FINAL_MEMBERS = { dueAtMs: true, finalAtMs: true, eraseAtMs: true } as const;

/** The members that belong to each state. A move keeps every other member, even one that this release does not know. */
const STATE_MEMBERS: { readonly [S in MessageStatus]: Readonly<Record<Exclude<keyof StateIn<S>, "status">, true>> } = {
  queued: { dueAtMs: true },
  scheduled: { dueAtMs: true, scheduledAtMs: true },
  held: { dueAtMs: true, because: true, sinceMs: true },
  sending: { dueAtMs: true, fence: true, phase: true },
  deferred: { dueAtMs: true },
  unknown: { dueAtMs: true, lookups: true, sinceMs: true, scheduledAtMs: true },
  sent: FINAL_MEMBERS,
  failed: FINAL_MEMBERS,
  canceled: FINAL_MEMBERS,
  expired: FINAL_MEMBERS,
};

/** Removes the members that belong to the message's present state only. */
const withoutState = (message: Message): MessageFacts =>
  withoutMembers(message, ["status", ...Object.keys(STATE_MEMBERS[message.status])]);

/** Idle time does not count against the 72 hours. A message in doubt ages while a search or resend is due. */
const isAgeless = ({ status, dueAtMs }: Message): boolean => {
  const { ages } = STATUSES[status];
  return ages === "never" || (ages === "while_due" && dueAtMs === null);
};

const sumAgelessMs = (message: Message, nowMs: number): number => {
  const enteredAtMs = message.timeline.at(-1)?.atMs;
  if (message.firstTriedAtMs === null || enteredAtMs === undefined) return message.agelessMs;
  return isAgeless(message) ? message.agelessMs + Math.max(0, nowMs - enteredAtMs) : message.agelessMs;
};

/** Makes a waiting message due when the caller's `expiresAt` passes, at the latest. */
const capDueTime = <T extends Pick<MessageState, "status" | "dueAtMs">>(expiresAtMs: number | null, state: T): T => {
  if (expiresAtMs === null || !STATUSES[state.status].dueByExpiry) return state;
  return (state.dueAtMs ?? Infinity) > expiresAtMs ? { ...state, dueAtMs: expiresAtMs } : state;
};

/**
 * Moves the message to a new state, adds a line to its timeline and drops the members of the old state. A move that
 * `NEXT` does not list does not compile; it throws if the record's status is not what its type says. Pure.
 */
export const moveTo = <T extends MessageState>(
  message: MessageIn<StatusBefore<T["status"]>>,
  state: T,
  { nowMs, note = null, attempt, facts }: Change,
): MessageFacts & T => {
  const { status } = state;
  if (!mayBecome(message, status))
    throw new Error(`a message that is ${String(message.status)} must not become ${status}`);
  return {
    ...withoutState(message),
    ...facts,
    agelessMs: sumAgelessMs(message, nowMs),
    updatedAtMs: nowMs,
    attempts: attempt === undefined ? message.attempts : [...message.attempts, attempt],
    timeline: [...message.timeline, { atMs: nowMs, status, ...(note ?? { note }) }],
    ...capDueTime(message.expiresAtMs, state),
  };
};

/** Makes the message due later in the same state. This is no move, so the timeline stays as it is. */
export const postpone = <M extends Message>(message: M, dueAtMs: number): M =>
  capDueTime(message.expiresAtMs, { ...message, dueAtMs });

/** The caller's time of a message that waits for it, or did when the store was restored; null of any other. */
export const callersTimeMs = (message: Message): number | null =>
  isIn(message, "scheduled", "unknown") ? (message.scheduledAtMs ?? null) : null;

export const pendingRecipients = (message: MessageFacts): readonly Recipient[] =>
  message.recipients.filter(({ state }) => state === "pending");
