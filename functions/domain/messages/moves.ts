import type { Attempt, Message, MessageFacts, MessageState, MessageStatus, Recipient } from "./message.ts";
import type { TimelineNote } from "./timeline-notes.ts";

/** A message in one status. */
export type MessageIn<S extends MessageStatus> = MessageFacts & Extract<MessageState, { readonly status: S }>;

export const isIn = <S extends MessageStatus>(message: Message, ...statuses: readonly S[]): message is MessageIn<S> =>
  statuses.some((status) => status === message.status);

/** What changes besides the state. */
export interface Change {
  readonly nowMs: number;
  /** A line for a person in the timeline. */
  readonly note?: TimelineNote | null;
  readonly attempt?: Attempt;
  readonly facts?: Partial<Omit<MessageFacts, "attempts" | "timeline" | "updatedAtMs" | "agelessMs">>;
}

const factsOf = (message: Message): MessageFacts => ({
  messageId: message.messageId,
  caller: message.caller,
  serverId: message.serverId,
  createdAtMs: message.createdAtMs,
  updatedAtMs: message.updatedAtMs,
  from: message.from,
  subject: message.subject,
  recipients: message.recipients,
  recipientAddresses: message.recipientAddresses,
  ...(message.searchPrefixes === undefined ? {} : { searchPrefixes: message.searchPrefixes }),
  body: message.body,
  sizeBytes: message.sizeBytes,
  tags: message.tags,
  onUnknown: message.onUnknown,
  expiresAtMs: message.expiresAtMs,
  firstTriedAtMs: message.firstTriedAtMs,
  agelessMs: message.agelessMs,
  attempts: message.attempts,
  timeline: message.timeline,
  providerId: message.providerId,
  requestSha256: message.requestSha256,
});

/** Waiting that nobody tried in: it does not count against the 72 hours. What is in doubt is being tried as long as it is looked for, or sent again by itself. */
const isAgeless = (message: Message): boolean =>
  isIn(message, "held", "scheduled") || (isIn(message, "unknown") && message.dueAtMs === null);

const agelessUntil = (message: Message, nowMs: number): number => {
  const enteredAtMs = message.timeline.at(-1)?.atMs;
  if (message.firstTriedAtMs === null || enteredAtMs === undefined) return message.agelessMs;
  return isAgeless(message) ? message.agelessMs + Math.max(0, nowMs - enteredAtMs) : message.agelessMs;
};

/** Who waits is looked at when the caller's `expiresAt` passes, at the latest. */
const withinExpiry = <M extends Message>(message: M): M => {
  const { expiresAtMs } = message;
  const late = expiresAtMs !== null && isIn(message, "held", "deferred") && (message.dueAtMs ?? Infinity) > expiresAtMs;
  return late ? { ...message, dueAtMs: expiresAtMs } : message;
};

/** The message in its new state, with its line in the timeline. What belonged to the old state alone is gone. Pure. */
export const moveTo = (message: Message, state: MessageState, change: Change): Message => {
  const { nowMs, note = null, attempt, facts } = change;
  return withinExpiry({
    ...factsOf(message),
    ...facts,
    agelessMs: agelessUntil(message, nowMs),
    updatedAtMs: nowMs,
    attempts: attempt === undefined ? message.attempts : [...message.attempts, attempt],
    timeline: [...message.timeline, { atMs: nowMs, status: state.status, ...(note ?? { note }) }],
    ...state,
  });
};

/** The same state, looked at later: no move, so no line in the timeline. */
export const postponed = <M extends Message>(message: M, dueAtMs: number): M => withinExpiry({ ...message, dueAtMs });

export const pendingRecipients = (message: MessageFacts): readonly Recipient[] =>
  message.recipients.filter(({ state }) => state === "pending");
