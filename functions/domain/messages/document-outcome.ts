import type { DocumentDelivery, DocumentError, DocumentInfo } from "../document-delivery.ts";
import { spoken } from "../google/replies.ts";
import { unhandled } from "../unhandled.ts";
import type { Message, Recipient } from "./message.ts";
import { isKnownStatus } from "./statuses.ts";

const addressesIn = (message: Message, state: Recipient["state"]): readonly string[] =>
  message.recipients.filter((recipient) => recipient.state === state).map(({ address }) => address);

const lastReply = (message: Message): string | null => {
  const smtp = message.attempts.at(-1)?.smtp ?? message.recipients.find(({ reply }) => reply !== null)?.reply ?? null;
  return smtp === null ? null : spoken(smtp);
};

const infoOf = (id: string, message: Message): DocumentInfo => ({
  id,
  messageId: message.messageId,
  accepted: addressesIn(message, "accepted"),
  rejected: addressesIn(message, "rejected"),
  pending: addressesIn(message, "pending"),
  response: lastReply(message),
});

const failureOf = (message: Message): DocumentError => ({
  kind: "failed",
  problem: message.attempts.at(-1)?.problem ?? null,
  reply: lastReply(message),
});

/**
 * Builds what the document that a message came from must say; undefined if it came from none. A status that this
 * release does not know says nothing.
 */
export const documentDelivery = (id: string, message: Message): DocumentDelivery | undefined => {
  if (message.document === undefined || !isKnownStatus(message.status)) return undefined;
  const base = { of: message.document, startedAtMs: message.createdAtMs };
  const endedAtMs = message.timeline.at(-1)?.atMs ?? message.updatedAtMs;
  const ended = { ...base, endedAtMs, info: infoOf(id, message) };
  switch (message.status) {
    case "queued":
    case "scheduled":
    case "held":
    case "sending":
    case "deferred":
    case "unknown":
      return { ...base, state: "PROCESSING" };
    case "sent":
      return { ...ended, state: "SUCCESS" };
    case "failed":
      return { ...ended, state: "ERROR", error: failureOf(message) };
    case "canceled":
    case "expired":
      return { ...ended, state: "ERROR", error: { kind: message.status } };
    default:
      return unhandled("status", message);
  }
};
