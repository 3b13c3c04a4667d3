import { isoTime, isoTimeOrNull } from "../clock.ts";
import type { Versioned } from "../records.ts";
import type { Attempt, Message, Recipient } from "./message.ts";

const attemptView = ({ atMs, outcome, smtp, problem }: Attempt) => ({
  at: isoTime(atMs),
  outcome,
  ...(smtp === null ? {} : { smtp }),
  ...(problem === null ? {} : { problem }),
});

const addressesIn = (recipients: readonly Recipient[], state: Recipient["state"]): readonly string[] =>
  recipients.filter((recipient) => recipient.state === state).map(({ address }) => address);

/** When something is next done about it by itself; null: when something happens, or nothing more. */
const nextAttemptAtMs = (message: Message): number | null =>
  message.status === "deferred" || message.status === "scheduled" ? message.dueAtMs : null;

/**
 * A message as `GET /v1/messages/{id}` shows it, instants in RFC 3339. Never the body. `to`: every recipient, whichever field named it
 * (the fields went with the body); `accepted` and `rejected`: those that Gmail took or refused, with its replies in `recipients`.
 */
export const messageView = ({ id, value }: Versioned<Message>) => ({
  id,
  messageId: value.messageId,
  server: value.serverId,
  status: value.status,
  createdAt: isoTime(value.createdAtMs),
  updatedAt: isoTime(value.updatedAtMs),
  from: value.from,
  to: value.recipients.map(({ address }) => address),
  subject: value.subject,
  sizeBytes: value.sizeBytes,
  tags: value.tags,
  onUnknown: value.onUnknown,
  scheduledAt: value.status === "scheduled" ? isoTime(value.scheduledAtMs) : null,
  expiresAt: isoTimeOrNull(value.expiresAtMs),
  nextAttemptAt: isoTimeOrNull(nextAttemptAtMs(value)),
  heldBecause: value.status === "held" ? value.because : null,
  accepted: addressesIn(value.recipients, "accepted"),
  rejected: addressesIn(value.recipients, "rejected"),
  recipients: value.recipients.map(({ address, state, reply }) => ({ address, state, smtp: reply })),
  attempts: value.attempts.map(attemptView),
  timeline: value.timeline.map(({ atMs, status, note }) => ({ at: isoTime(atMs), status, note })),
  providerId: value.providerId,
});

/** What accepting answers: enough to follow the message by. */
export const messageReceipt = ({ id, value }: Versioned<Message>) => ({
  id,
  messageId: value.messageId,
  server: value.serverId,
  status: value.status,
});
