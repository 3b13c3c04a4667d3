import { type JsonSchema, ref } from "./json-schema.ts";
import type { MemberText, MemberTexts } from "./member-texts.ts";

/** A mailbox as callers write it. */
export const MAILBOX: JsonSchema = {
  description: "An address, with or without a name: `Ada <ada@example.com>` or `{name, address}`.",
  anyOf: [
    { type: "string" },
    {
      type: "object",
      properties: {
        name: { type: "string", description: "The name that readers see." },
        address: { type: "string", description: "The address." },
      },
      required: ["address"],
      additionalProperties: false,
    },
  ],
};

/** A repeated address counts once, so a list may hold more items than there may be recipients. */
export const MAILBOXES: JsonSchema = {
  description: "One mailbox, several separated by commas, or a list.",
  anyOf: [ref("Mailbox"), { type: "array", items: ref("Mailbox"), maxItems: 1_000 }],
};

const mailbox = (description: string, ...examples: readonly unknown[]): MemberText => ({
  description,
  examples,
  schema: ref("Mailbox"),
});

const mailboxes = (description: string, ...examples: readonly unknown[]): MemberText => ({
  description,
  examples,
  schema: ref("Mailboxes"),
});

const threadIds = (description: string): MemberText => ({
  description,
  examples: ["<order-42@example.com>"],
  schema: { anyOf: [{ type: "string" }, { type: "array", items: { type: "string" }, maxItems: 1_000 }] },
});

const texts = (most: number): JsonSchema => ({
  type: "object",
  additionalProperties: { type: "string" },
  maxProperties: most,
});

const time = (description: string): MemberText => ({
  description,
  schema: { type: "string", format: "date-time", maxLength: 64 },
  examples: ["2027-01-31T09:00:00+01:00"],
});

const ATTACHMENT: MemberTexts = {
  filename: { description: "The name; a file without one is called after its type.", examples: ["invoice.pdf"] },
  content: {
    description:
      "The bytes as base64, with padding and without line breaks. Nothing is fetched from a path or an address.",
    schema: { type: "string", contentEncoding: "base64" },
    examples: ["VG90YWwgOiA0MiDigqw="],
  },
  contentType: { description: "The media type; otherwise that of the name’s suffix.", examples: ["application/pdf"] },
  cid: { description: "The Content-ID by which the html shows it (`cid:logo`).", examples: ["logo"] },
};

const CALENDAR: MemberTexts = {
  method: { description: "The calendar’s METHOD (RFC 5546); otherwise read from the text.", examples: ["REQUEST"] },
  content: "The calendar (RFC 5545).",
  encoding: { description: "How `content` is written: `utf-8`, `base64` or `hex`.", examples: ["utf-8"] },
  filename: { description: "The name of the attached copy; `invite.ics` if absent.", examples: ["invite.ics"] },
};

const SHARED_TEXTS: MemberTexts = {
  server: {
    description:
      "The mail server to send with: its id, name or username. If absent, Relais chooses one that may send as `from`.",
    examples: ["Billing"],
  },
  scheduledAt: time("When to send it, with an offset, kept to the minute. A time in the past means now."),
  expiresAt: time("When to give up; it must lie ahead, and not before `scheduledAt`."),
  tags: {
    description: "Your own labels: up to 20, kept with the record, never in the mail.",
    schema: texts(20),
    examples: [{ kind: "invoice" }],
  },
  onUnknown: {
    description:
      "What to do if Gmail’s reply is lost and the sent mail does not show the message: `hold` waits for a person, `resend` sends it again with the same Message-ID.",
  },
  dryRun: "Checks everything and keeps nothing. The answer is 200.",
};

/** What each member of `POST /v1/messages` is. */
export const MESSAGE_TEXTS: MemberTexts = {
  from: mailbox(
    "The author; if absent, the mail server’s own address. It is never rewritten.",
    "Ada <ada@example.com>",
    {
      name: "Ada",
      address: "ada@example.com",
    },
  ),
  to: mailboxes(
    "Recipients. At least one is needed among `to`, `cc` and `bcc`, and 100 are the most.",
    "client@example.org",
    ["Grace <grace@example.org>", "client@example.org"],
  ),
  cc: mailboxes("Recipients in Cc.", ["accounts@example.org"]),
  bcc: mailboxes("Recipients whom the others do not see.", ["archive@example.com"]),
  replyTo: mailboxes("Where answers go.", "billing@example.com"),
  subject: { description: "The subject, up to 998 characters.", examples: ["Invoice 42"] },
  text: { description: "The body as plain text. `text` or `html` is needed.", examples: ["Hello from Relais."] },
  html: { description: "The body as HTML.", examples: ["<p>Hello from <b>Relais</b>.</p>"] },
  attachments: {
    description: "Files. Text, html and decoded files have 24,000,000 bytes at most.",
    members: ATTACHMENT,
  },
  icalEvent: {
    description: "A calendar event: the calendar’s text alone, or an object.",
    alternatives: [{ type: "string" }],
    members: CALENDAR,
  },
  headers: {
    description:
      "Further headers by name, up to 50. Those that Relais sets itself, and those with a member of their own, are refused.",
    schema: texts(50),
    examples: [{ "X-Order": "42" }],
  },
  inReplyTo: threadIds("The Message-ID that this answers. Alone, it makes References as well."),
  references: threadIds("The Message-IDs of the thread: a text with several ids, or a list."),
  listUnsubscribe: {
    description: "How to leave a list (RFC 2369).",
    members: {
      url: { description: "An https address.", examples: ["https://example.com/leave/42"] },
      oneClick: "Whether a POST to the address is enough (RFC 8058).",
    },
  },
  ...SHARED_TEXTS,
};

/** What each member of a mail that its caller has composed is. */
export const RAW_TEXTS: MemberTexts = {
  raw: {
    description: "The mail (RFC 5322) as base64 or base64url. Its Message-ID is kept.",
    schema: { type: "string", contentEncoding: "base64" },
    examples: ["VG86IGNsaWVudEBleGFtcGxlLm9yZw0KU3ViamVjdDogSW52b2ljZSA0Mg0KDQpIZWxsby4NCg=="],
  },
  envelope: {
    description: "Who gets it. Without it, To, Cc and Bcc of the mail say so.",
    members: { to: mailboxes("The recipients.", ["client@example.org"]) },
  },
  ...SHARED_TEXTS,
};
