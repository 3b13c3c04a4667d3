import type { Announcement, EventType } from "../publisher.ts";
import type { Message } from "./message.ts";

type MessageEvent = Extract<EventType, `relais.message.${string}`>;

/** What the world is told of a message: what became of it and of each recipient; never what it says. */
export const messageEvent = (type: MessageEvent, id: string, message: Message): Announcement => {
  const last = message.attempts.at(-1);
  const inState = (state: "accepted" | "rejected"): readonly string[] =>
    message.recipients.filter((recipient) => recipient.state === state).map(({ address }) => address);
  return {
    type,
    subject: id,
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
      ...(message.status === "held" ? { heldBecause: message.because } : {}),
    },
  };
};
