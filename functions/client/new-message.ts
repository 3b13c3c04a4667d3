import type { Message, MessageReceipt } from "./api-types.ts";
import { queryOf } from "./query.ts";
import type { ProblemBody } from "./relais-error.ts";

/** A mailbox: `ada@example.com`, `Ada <ada@example.com>`, or in parts. */
export type Mailbox = string | { readonly name?: string; readonly address: string };

/** One mailbox, several in one text separated by commas, or a list. */
export type Mailboxes = Mailbox | readonly Mailbox[];

export interface Attachment {
  readonly filename?: string;
  /** Bytes, or text that is base64 already. */
  readonly content: Uint8Array | string;
  /** Without one, the type is that of the file's suffix. */
  readonly contentType?: string;
  /** The id by which the HTML refers to it: `<img src="cid:…">`. */
  readonly cid?: string;
}

/** A calendar's text, or with its method and file name, as nodemailer takes it. */
export type CalendarEvent =
  | string
  | {
      readonly content: string;
      /** The encoding of `content`: `utf-8` (the default), `base64` or `hex`. */
      readonly encoding?: string;
      readonly method?: string;
      readonly filename?: string | false;
    };

/** The options that every message has, whether Relais composes it or the program does. */
export interface DeliveryOptions {
  /** The id, name or username of a mail server. Without one, Relais chooses one that may send as `from`. */
  readonly server?: string;
  /** ISO 8601 with an offset, or a `Date`. A time in the past means now. */
  readonly scheduledAt?: string | Date;
  /** If the message has not left by then, it does not leave at all. */
  readonly expiresAt?: string | Date;
  /** Up to 20 names with their values, which never appear in the mail. */
  readonly tags?: Readonly<Record<string, string>>;
  /** What happens if nobody can tell whether it was sent: wait for a person (the default), or send it again. */
  readonly onUnknown?: "hold" | "resend";
  /** Checks everything and keeps nothing. */
  readonly dryRun?: boolean;
}

/** A message for Relais to compose. At least one recipient, and `text` or `html`, are required. */
export interface ComposedMessage extends DeliveryOptions {
  readonly from?: Mailbox;
  readonly to?: Mailboxes;
  readonly cc?: Mailboxes;
  readonly bcc?: Mailboxes;
  readonly replyTo?: Mailboxes;
  readonly subject?: string;
  readonly text?: string;
  readonly html?: string;
  readonly attachments?: readonly Attachment[];
  readonly icalEvent?: CalendarEvent;
  readonly headers?: Readonly<Record<string, string>>;
  readonly inReplyTo?: string;
  readonly references?: string | readonly string[];
  readonly listUnsubscribe?: { readonly url: string; readonly oneClick?: boolean };
}

/** A message that is composed already; it arrives as these bytes. */
export interface RawMessage extends DeliveryOptions {
  /** Bytes, or text that is base64 already. */
  readonly raw: Uint8Array | string;
  /** Who gets it. Without it, To, Cc and Bcc of the message say so. */
  readonly envelope?: { readonly to: readonly string[] };
}

export type NewMessage = ComposedMessage | RawMessage;

/** With `wait`: the whole message once its status is worth an answer, or the receipt if that takes longer. */
export type SentMessage = MessageReceipt & Partial<Omit<Message, keyof MessageReceipt>>;

/** The answer to a dry run. `problems` lists what would refuse or hold the message now. */
export interface DryRun {
  readonly ok: boolean;
  readonly server: string | null;
  readonly from: string | null;
  readonly problems: readonly ProblemBody[];
}

const isDate = (value: unknown): value is { toISOString(): string } =>
  typeof value === "object" && value !== null && "toISOString" in value && typeof value.toISOString === "function";

/** A date as ISO 8601. Whatever else a program without types gives goes as it is: Relais explains what is wrong. */
export const isoTime = (time: unknown): unknown => {
  if (!isDate(time)) return time;
  try {
    return time.toISOString();
  } catch {
    // A date that is none has no ISO form, and its text names no time either.
    return String(time);
  }
};

/** Bytes in base64; likewise. */
const inBase64 = (content: unknown): unknown =>
  ArrayBuffer.isView(content)
    ? Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString("base64")
    : content;

const attachmentJson = (one: unknown): unknown =>
  typeof one === "object" && one !== null && "content" in one ? { ...one, content: inBase64(one.content) } : one;

const timesOf = ({ scheduledAt, expiresAt }: DeliveryOptions) => ({
  ...(scheduledAt === undefined ? {} : { scheduledAt: isoTime(scheduledAt) }),
  ...(expiresAt === undefined ? {} : { expiresAt: isoTime(expiresAt) }),
});

/** The message as JSON has it: bytes in base64, times as text. Whatever else the caller gave is passed on as it is. */
export const messageJson = (message: NewMessage): Readonly<Record<string, unknown>> => {
  if ("raw" in message) return { ...message, raw: inBase64(message.raw), ...timesOf(message) };
  const attachments: unknown = message.attachments;
  return {
    ...message,
    ...(Array.isArray(attachments) ? { attachments: attachments.map(attachmentJson) } : {}),
    ...timesOf(message),
  };
};

/** Tags as query parameters. */
export const tagQuery = (tags: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(tags).map(([name, value]) => [`tag.${name}`, value]));

/** The query parameters of a raw message, which say what a JSON message says in members. */
export const deliveryQuery = ({ tags, dryRun, ...options }: DeliveryOptions): Readonly<Record<string, string>> => ({
  ...(options.server === undefined ? {} : { server: options.server }),
  ...(options.onUnknown === undefined ? {} : { onUnknown: options.onUnknown }),
  ...(dryRun === undefined ? {} : { dryRun: String(dryRun) }),
  ...queryOf(timesOf(options)),
  ...tagQuery(tags),
});
