import type { Attempt, Message, MessageFacts, MessageState, MessageStatus, Recipient } from "./message.ts";
import { type MessageIn, mayBecome, STATUSES, type StateIn, type StatusBefore } from "./statuses.ts";
import type { TimelineNote } from "./timeline-notes.ts";

/** What changes besides the state. */
export interface Change {
  readonly nowMs: number;
  /** A line for a person in the timeline. */
  readonly note?: TimelineNote | null;
  readonly attempt?: Attempt;
  readonly facts?: Partial<Omit<MessageFacts, "attempts" | "timeline" | "updatedAtMs" | "agelessMs" | "expiresAtMs">>;
}

const FINAL_MEMBERS = { dueAtMs: true, finalAtMs: true, eraseAtMs: true } as const;

/** The members that belong to each state. Every other member of the record is kept through a move, known to this release or not. */
const STATE_MEMBERS: { readonly [S in MessageStatus]: Readonly<Record<Exclude<keyof StateIn<S>, "status">, true>> } = {
  queued: { dueAtMs: true },
  scheduled: { dueAtMs: true, scheduledAtMs: true },
  held: { dueAtMs: true, because: true, sinceMs: true },
  sending: { dueAtMs: true, fence: true, phase: true },
  deferred: { dueAtMs: true },
  unknown: { dueAtMs: true, lookups: true, sinceMs: true },
  sent: FINAL_MEMBERS,
  failed: FINAL_MEMBERS,
  canceled: FINAL_MEMBERS,
  expired: FINAL_MEMBERS,
};

/** The message without what belonged to its state alone. */
const withoutState = (message: Message): MessageFacts => {
  const kept = { ...message };
  for (const member of ["status", ...Object.keys(STATE_MEMBERS[message.status])]) Reflect.deleteProperty(kept, member);
  return kept;
};

/** Time in which nobody tries does not count against the 72 hours. What is in doubt is being tried as long as it is looked for, or sent again by itself. */
const isAgeless = ({ status, dueAtMs }: Message): boolean => {
  const { ages } = STATUSES[status];
  return ages === "never" || (ages === "while_due" && dueAtMs === null);
};

const agelessUntil = (message: Message, nowMs: number): number => {
  const enteredAtMs = message.timeline.at(-1)?.atMs;
  if (message.firstTriedAtMs === null || enteredAtMs === undefined) return message.agelessMs;
  return isAgeless(message) ? message.agelessMs + Math.max(0, nowMs - enteredAtMs) : message.agelessMs;
};

/** A message that waits is looked at when the caller's `expiresAt` passes, at the latest. */
const dueWithin = <T extends Pick<MessageState, "status" | "dueAtMs">>(expiresAtMs: number | null, state: T): T => {
  if (expiresAtMs === null || !STATUSES[state.status].dueByExpiry) return state;
  return (state.dueAtMs ?? Infinity) > expiresAtMs ? { ...state, dueAtMs: expiresAtMs } : state;
};

/**
 * The message in its new state, with its line in the timeline; what belonged to the old state alone is gone. A move that `NEXT` does not list does not
 * compile, and is a defect where the record's status is not what its type says. Pure.
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
    agelessMs: agelessUntil(message, nowMs),
    updatedAtMs: nowMs,
    attempts: attempt === undefined ? message.attempts : [...message.attempts, attempt],
    timeline: [...message.timeline, { atMs: nowMs, status, ...(note ?? { note }) }],
    ...dueWithin(message.expiresAtMs, state),
  };
};

/** The same state, looked at later: no move, so no line in the timeline. */
export const postponed = <M extends Message>(message: M, dueAtMs: number): M =>
  dueWithin(message.expiresAtMs, { ...message, dueAtMs });

export const pendingRecipients = (message: MessageFacts): readonly Recipient[] =>
  message.recipients.filter(({ state }) => state === "pending");
