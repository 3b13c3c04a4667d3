import { keyIdOf } from "../../access/records.ts";
import { isoTime, isoTimeOrNull } from "../../clock.ts";
import type { Versioned } from "../../records.ts";
import type { Attempt, Message, Recipient, RecipientKind } from "../message.ts";
import { callersTimeMs } from "../moves.ts";
import { recipientKinds } from "../recipient-kind.ts";
import { isDueForAttempt, keepsBody } from "../statuses.ts";

const attemptView = ({ atMs, outcome, smtp, problem }: Attempt) => ({
  at: isoTime(atMs),
  outcome,
  ...(smtp === null ? {} : { smtp }),
  ...(problem === null ? {} : { problem }),
});

const addressesIn = (recipients: readonly Recipient[], state: Recipient["state"]): readonly string[] =>
  recipients.filter((recipient) => recipient.state === state).map(({ address }) => address);

/** The time of the next automatic attempt; null if none is set. */
const nextAttemptAtMs = (message: Message): number | null => (isDueForAttempt(message) ? message.dueAtMs : null);

/** Lists the recipients by header field, and each one with its state and Gmail's last reply about it. */
const recipientViews = (message: Message) => {
  const kinds = recipientKinds(message);
  const named = (wanted: RecipientKind): readonly string[] =>
    message.recipients.filter((_, at) => kinds[at] === wanted).map(({ address }) => address);
  return {
    to: named("to"),
    cc: named("cc"),
    bcc: named("bcc"),
    recipients: message.recipients.map(({ address, state, reply }, at) => ({
      address,
      kind: kinds[at] ?? "to",
      state,
      ...(reply === null ? {} : { reply }),
    })),
  };
};

/**
 * The message as `GET /v1/messages/{id}` shows it, with instants in RFC 3339. It never holds the body, which only
 * `message-content.ts` gives. `accepted` and
 * `rejected` list the recipients that Gmail accepted or refused.
 */
export const messageView = ({ id, value }: Versioned<Message>) => ({
  id,
  messageId: value.messageId,
  server: value.serverId,
  status: value.status,
  createdAt: isoTime(value.createdAtMs),
  updatedAt: isoTime(value.updatedAtMs),
  from: value.from,
  ...recipientViews(value),
  subject: value.subject,
  sizeBytes: value.sizeBytes,
  hasContent: keepsBody(value),
  tags: value.tags,
  key: keyIdOf(value.caller),
  onUnknown: value.onUnknown,
  scheduledAt: isoTimeOrNull(callersTimeMs(value)),
  expiresAt: isoTimeOrNull(value.expiresAtMs),
  nextAttemptAt: isoTimeOrNull(nextAttemptAtMs(value)),
  heldBecause: value.status === "held" ? value.because : null,
  accepted: addressesIn(value.recipients, "accepted"),
  rejected: addressesIn(value.recipients, "rejected"),
  attempts: value.attempts.map(attemptView),
  timeline: value.timeline.map(({ atMs, ...entry }) => ({ at: isoTime(atMs), ...entry })),
  providerId: value.providerId,
});

/** The answer to an accepted message: it is enough to follow the message. */
export const messageReceipt = ({ id, value }: Versioned<Message>) => ({
  id,
  messageId: value.messageId,
  server: value.serverId,
  status: value.status,
});
