import * as z from "zod";
import { MESSAGE_STATUSES } from "../../domain/messages/statuses.ts";
import type { EventType } from "../../domain/publisher.ts";
import { smtpReply } from "./message-views.ts";
import { addresses, count, flag, instant, instantOrNull, text, textOrNull, texts } from "./parts.ts";
import { CONNECTION_REASONS } from "./server-views.ts";

const messageData = {
  id: text("The id of the message.", "msg_yVJk2Gm1qTRxAh0bX3ZK"),
  messageId: text("Its header Message-ID."),
  server: text("The id of the mail server.", "srv_Vq0oWc5cD1mBfH2nPz8L"),
  status: z.enum(MESSAGE_STATUSES).meta({ description: "The status that the message has moved to." }),
  accepted: addresses("Recipients that Gmail has accepted."),
  rejected: addresses("Recipients that Gmail has refused."),
  attempts: count("How often it has been tried."),
  problem: textOrNull("The code of the last attempt’s problem.", "recipients_refused"),
  smtp: z.union([smtpReply, z.null()]).meta({ description: "Gmail’s last reply." }),
  tags: z.record(z.string(), z.string()).meta({ description: "The caller’s own labels." }),
};

const serverData = {
  server: text("The id of the mail server.", "srv_Vq0oWc5cD1mBfH2nPz8L"),
  name: text("Its name.", "Billing"),
  username: text("Its Gmail address.", "billing@example.com"),
};

const reason = z.enum(CONNECTION_REASONS).meta({ description: "Why." });

const message = z.object(messageData);

interface EventText {
  readonly description: string;
  readonly data: z.ZodObject;
}

/** What each event tells. An event type that is missing here does not compile. */
export const EVENTS: Readonly<Record<EventType, EventText>> = {
  "relais.message.sent.v1": { description: "Gmail has confirmed the message.", data: message },
  "relais.message.deferred.v1": { description: "Gmail or the network said later; it is tried again.", data: message },
  "relais.message.held.v1": {
    description: "It waits for a limit, a reconnection, or the end of a pause.",
    data: z.object({
      ...messageData,
      heldBecause: z
        .enum(["limit_reached", "reconnect_required", "paused"])
        .meta({ description: "What it waits for." })
        .optional(),
    }),
  },
  "relais.message.unknown.v1": { description: "Gmail’s reply was lost after the message went out.", data: message },
  "relais.message.resolved.v1": { description: "A doubt about it has been settled.", data: message },
  "relais.message.failed.v1": {
    description: "Gmail refused it for good, or 72 hours of trying were over.",
    data: message,
  },
  "relais.message.canceled.v1": { description: "Somebody canceled it.", data: message },
  "relais.message.expired.v1": { description: "Its `expiresAt` passed.", data: message },
  "relais.server.connected.v1": {
    description: "An account was connected.",
    data: z.object({ ...serverData, email: text("The account’s address.", "billing@example.com") }),
  },
  "relais.server.expiring.v1": {
    description: "The access will end: a first warning three days ahead, a last one a day ahead.",
    data: z.object({
      ...serverData,
      reason,
      expiresAt: instantOrNull("When it will end, if that is known."),
      warning: z.enum(["first", "last"]).meta({ description: "Which warning it is." }),
    }),
  },
  "relais.server.reconnect_required.v1": {
    description: "The access has ended: a person must connect the account again. Its mail is held.",
    data: z.object({
      ...serverData,
      reason,
      evidence: z
        .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
        .meta({ description: "What Google said." }),
    }),
  },
  "relais.server.disconnected.v1": {
    description: "Somebody disconnected the account.",
    data: z.object({
      ...serverData,
      revoked: flag("Whether Google has ended the access; absent if that is not known.").optional(),
      sharedWith: texts("Other mail servers of the same account, because of which nothing was revoked.").optional(),
    }),
  },
  "relais.server.quota_warning.v1": {
    description: "Nine tenths of the limit per day are used up; told once a day.",
    data: z.object({ server: serverData.server }),
  },
};

const isEventType = (name: string): name is EventType => Object.hasOwn(EVENTS, name);

export const EVENT_TYPES: readonly EventType[] = Object.keys(EVENTS).filter(isEventType);

/** The name of an event's schema: `MessageSentEvent` for `relais.message.sent.v1`. */
export const eventSchemaName = (type: EventType): string => {
  const [, about = "", what = ""] = type.split(".");
  const words = [about, ...what.split("_")].map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`);
  return `${words.join("")}Event`;
};

/** A CloudEvent 1.0 in the structured JSON form. */
const envelope = (type: EventType) =>
  z.object({
    specversion: z.literal("1.0").meta({ description: "The version of CloudEvents." }),
    id: text("The id. An event that comes again has the same one.", "evt_3f7c0a"),
    source: text("The address of this installation.", "https://relais.example.com"),
    type: z.literal(type).meta({ description: "What happened." }),
    subject: text("The id of the message or mail server."),
    time: instant("When it happened."),
    datacontenttype: z.literal("application/json").meta({ description: "The media type of `data`." }),
    data: EVENTS[type].data.meta({ description: "What happened to it. Later releases may add members." }),
  });

export const EVENT_VIEWS: Readonly<Record<string, z.ZodType>> = Object.fromEntries(
  EVENT_TYPES.map((type) => [eventSchemaName(type), envelope(type)]),
);
