import type { Announce, Announcement } from "../publisher.ts";
import type { Versioned } from "../records.ts";
import { sha256Hex } from "../sha256.ts";
import { documentDelivery } from "./document-outcome.ts";
import type { Message } from "./message.ts";
import { isFinal, type MessageEvent, STATUSES } from "./statuses.ts";

/** Derives the id from the event's content, so that a repeated announcement is the same event. */
const eventId = (id: string, type: MessageEvent, { updatedAtMs }: Message): string =>
  `evt_${sha256Hex(`${id} ${type} ${updatedAtMs}`).slice(0, 32)}`;

/** Finds the event of the message's latest move; null if there is none. */
export const latestEvent = (id: string, message: Message): Announcement | null => {
  const doubted = message.timeline.at(-2)?.status === "unknown" && message.status !== "unknown";
  const type = doubted ? "relais.message.resolved.v1" : STATUSES[message.status].event;
  return type === null ? null : messageEvent(type, id, message);
};

const nothing = () => ({});

/** The data of each event beyond what all message events hold. */
const BESIDES: Readonly<Record<MessageEvent, (message: Message) => Announcement["data"]>> = {
  "relais.message.sent.v1": nothing,
  "relais.message.deferred.v1": nothing,
  "relais.message.held.v1": (message) => (message.status === "held" ? { heldBecause: message.because } : {}),
  "relais.message.unknown.v1": nothing,
  "relais.message.resolved.v1": nothing,
  "relais.message.failed.v1": nothing,
  "relais.message.canceled.v1": nothing,
  "relais.message.expired.v1": nothing,
};

/** Builds a message's event, which tells its outcome and that of each recipient, but never its content. */
export const messageEvent = (type: MessageEvent, id: string, message: Message): Announcement => {
  const last = message.attempts.at(-1);
  const document = isFinal(message) ? documentDelivery(id, message) : undefined;
  const inState = (state: "accepted" | "rejected"): readonly string[] =>
    message.recipients.filter((recipient) => recipient.state === state).map(({ address }) => address);
  return {
    type,
    subject: id,
    as: { id: eventId(id, type, message), atMs: message.updatedAtMs },
    ...(document === undefined ? {} : { document }),
    data: {
      id,
      messageId: message.messageId,
      server: message.serverId,
      status: message.status,
      accepted: inState("accepted"),
      rejected: inState("rejected"),
      attempts: message.attempts.length,
      problem: last?.problem ?? null,
      smtp: last?.smtp ?? null,
      tags: message.tags,
      ...BESIDES[type](message),
    },
  };
};

/** Announces the latest move of a message, if that has an event. */
export const announceMove = async (
  { announce }: { readonly announce: Announce },
  { id, value }: Pick<Versioned<Message>, "id" | "value">,
): Promise<void> => {
  const event = latestEvent(id, value);
  if (event !== null) await announce(event);
};
