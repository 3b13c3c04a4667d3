import { MESSAGE_STATUSES } from "../../domain/messages/statuses.ts";
import type { MAIL_PARAMETERS } from "../../runtime/handlers/send-mail/mail-request.ts";
import type { FILTERS } from "../../runtime/handlers/send-mail/views.ts";
import { json, type Operations, type QueryParameter } from "./operation.ts";

const RECEIPT = {
  id: "msg_yVJk2Gm1qTRxAh0bX3ZK",
  messageId: "<yVJk2Gm1qTRxAh0bX3ZK@example.com>",
  server: "srv_Vq0oWc5cD1mBfH2nPz8L",
  status: "queued",
};

const time = (description: string): QueryParameter => ({
  description,
  schema: { type: "string", format: "date-time" },
  example: "2027-01-31T09:00:00+01:00",
});

/** A filter that is missing here does not compile. */
const LIST_FILTERS: Readonly<Record<(typeof FILTERS)[number], QueryParameter>> = {
  server: {
    description: "The mail server: its id, name or username. The id of a deleted one works while it has messages.",
    schema: { type: "string", minLength: 1 },
    example: "Billing",
  },
  status: { description: "The status.", schema: { type: "string", enum: MESSAGE_STATUSES } },
  from: { description: "The address in From.", schema: { type: "string" }, example: "billing@example.com" },
  to: { description: "A recipient’s address.", schema: { type: "string" }, example: "client@example.org" },
  after: time("Only messages that were accepted at this time or later."),
  before: time("Only messages that were accepted before this time."),
  messageId: {
    description: "The header Message-ID, with or without its angle brackets.",
    schema: { type: "string" },
    example: "<order-42@example.com>",
  },
  q: {
    description:
      "The start of a recipient’s address or of a word of the subject, whatever its case and accents. Several words must all be found.",
    schema: { type: "string" },
    example: "invoice",
  },
  rejected: {
    description: "Only messages of which Gmail refused a recipient.",
    schema: { type: "string", enum: ["true"] },
  },
  key: {
    description: "Only messages that were sent with this API key: its id, without `rk_`.",
    schema: { type: "string" },
    example: "5231eb2cd7387a45",
  },
};

/** `tag.<name>=<value>`: an exploded object, whose members are parameters of their own. */
const TAG_FILTER: QueryParameter = {
  description: "The value of a tag: `tag.kind=invoice`. Several tags must all match.",
  schema: {
    type: "object",
    patternProperties: { "^tag\\..+$": { type: "string" } },
    additionalProperties: false,
  },
  example: { "tag.kind": "invoice" },
};

const ofMail = (description: string, parameter: Omit<QueryParameter, "description">): QueryParameter => ({
  description: `Of a composed mail (\`message/rfc822\`) only: ${description}`,
  ...parameter,
});

/** A parameter of a composed mail that is missing here does not compile. */
const MAIL_QUERY: Readonly<Record<(typeof MAIL_PARAMETERS)[number], QueryParameter>> = {
  server: ofMail("the mail server’s id, name or username.", {
    schema: { type: "string", minLength: 1 },
    example: "Billing",
  }),
  scheduledAt: ofMail("when to send it.", {
    schema: { type: "string", format: "date-time" },
    example: "2099-01-31T09:00:00+01:00",
  }),
  expiresAt: ofMail("when to give up.", {
    schema: { type: "string", format: "date-time" },
    example: "2099-01-31T18:00:00+01:00",
  }),
  onUnknown: ofMail("what to do if Gmail’s reply is lost.", { schema: { type: "string", enum: ["hold", "resend"] } }),
  dryRun: ofMail("checks everything and keeps nothing.", { schema: { type: "string", enum: ["true", "false"] } }),
};

const MAIL_TAGS: QueryParameter = {
  ...TAG_FILTER,
  description: "Of a composed mail (`message/rfc822`) only: its tags.",
};

/** The routes of the function `send-mail`. */
export const MESSAGE_OPERATIONS: Operations = {
  "POST /v1/messages": {
    id: "sendMessage",
    tag: "messages",
    title: { en: "Send a message", fr: "Envoyer un message" },
    description:
      "Stores the message, then answers 202: from then on it is not lost. With `Prefer: wait=N` the answer is the whole record (200) as soon as its status is `sent`, `failed`, `canceled`, `expired`, `held` or `unknown`, and the 202 after N seconds otherwise. With `Idempotency-Key`, a repeated request gives the same message instead of a second one. A mail that you have composed yourself (S/MIME, PGP, DKIM, a report) is posted as its bytes, with the rest in the query, or as `raw` in JSON: it arrives as it came, but without Bcc, Resent-Bcc, Return-Path and `Relais-*`, with a Date, Message-ID or From put in front if one is missing, and with CRLF for a LF alone.",
    parameters: ["IdempotencyKey", "Prefer", "RelaisRecipients", "AcceptLanguage"],
    query: { ...MAIL_QUERY, tags: MAIL_TAGS },
    permission: "send",
    body: {
      content: {
        ...json(["NewMessage", "NewRawMessage"], {
          simple: { to: "client@example.org", subject: "Invoice 42", text: "Hello from Relais." },
          invoice: {
            server: "Billing",
            from: "Ada <billing@example.com>",
            to: ["Grace <grace@example.org>"],
            bcc: "archive@example.com",
            subject: "Invoice 42",
            text: "Please find your invoice attached.",
            html: "<p>Please find your invoice attached.</p>",
            attachments: [
              { filename: "invoice.txt", content: "VG90YWwgOiA0MiDigqw=", contentType: "text/plain; charset=utf-8" },
            ],
            headers: { "X-Order": "42" },
            tags: { kind: "invoice" },
            expiresAt: "2099-01-31T18:00:00+01:00",
          },
          invitation: {
            to: "grace@example.org",
            subject: "Planning",
            text: "Shall we meet?",
            icalEvent: {
              method: "REQUEST",
              content: "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Relais//EN\r\nEND:VCALENDAR\r\n",
            },
          },
          dryRun: { to: "client@example.org", subject: "Invoice 42", text: "Only a check.", dryRun: true },
          composed: {
            raw: "VG86IGNsaWVudEBleGFtcGxlLm9yZw0KU3ViamVjdDogSW52b2ljZSA0Mg0KDQpIZWxsby4NCg==",
            envelope: { to: ["client@example.org"] },
          },
        }),
        "message/rfc822": {
          schema: { type: "string", format: "binary", contentMediaType: "message/rfc822" },
          examples: { mail: "To: client@example.org\r\nSubject: Invoice 42\r\n\r\nHello.\r\n" },
        },
      },
    },
    answers: {
      200: {
        description: "With `Prefer: wait`: the record. With `dryRun`: what would become of the message.",
        content: json(["Message", "DryRun"]),
        headers: ["Location", "IdempotencyReplayed", "PreferenceApplied"],
      },
      202: {
        description: "The message is stored.",
        content: json("MessageReceipt", { accepted: RECEIPT }),
        headers: ["Location", "IdempotencyReplayed", "PreferenceApplied"],
      },
    },
    problems: [
      "from_not_allowed",
      "envelope_unsupported",
      "server_not_allowed",
      "server_unavailable",
      "idempotency_key_reused",
      "not_found",
    ],
  },
  "POST /v1/messages/batch": {
    id: "sendBatch",
    tag: "messages",
    title: { en: "Send up to 100 messages", fr: "Envoyer jusqu’à 100 messages" },
    description:
      "Each message gets the answer that it would have got alone, in the order of the request; one that is refused does not stop the others. The idempotency key is a member of each item.",
    permission: "send",
    parameters: ["AcceptLanguage"],
    body: {
      content: json("Batch", {
        two: {
          items: [
            { to: "client@example.org", subject: "Invoice 42", text: "…", idempotencyKey: "invoice-42" },
            { to: "grace@example.org", subject: "Invoice 43", text: "…", idempotencyKey: "invoice-43" },
          ],
        },
      }),
    },
    answers: {
      207: {
        description: "One answer for each message.",
        content: json("BatchAnswers", { one: { items: [{ status: 202, body: RECEIPT }] } }),
      },
    },
    problems: [],
  },
  "GET /v1/messages": {
    id: "listMessages",
    tag: "messages",
    title: { en: "List messages", fr: "Lister les messages" },
    description: "The messages that you may see, the newest first. All filters given must match.",
    permission: "read",
    parameters: ["Limit", "Cursor", "AcceptLanguage"],
    query: { ...LIST_FILTERS, tags: TAG_FILTER },
    answers: { 200: { description: "A page of messages.", content: json("MessageList") } },
    problems: ["invalid_request", "server_not_allowed", "not_found", "forbidden"],
  },
  "GET /v1/messages/:id": {
    id: "getMessage",
    tag: "messages",
    title: { en: "Show a message", fr: "Afficher un message" },
    description:
      "The record with its attempts and its history, never the body. A key without `read` sees what it sent itself.",
    parameters: ["AcceptLanguage"],
    answers: { 200: { description: "The message.", content: json("Message") } },
    problems: ["invalid_request", "not_found", "server_not_allowed", "forbidden"],
  },
  "GET /v1/messages/:id/content": {
    id: "readMessageContent",
    tag: "messages",
    title: { en: "Read a message’s content", fr: "Lire le contenu d’un message" },
    description:
      "The mail itself, as it goes out, while Relais keeps it: until it is `sent`, `canceled` or `expired`, or 7 days after it failed. For people only: operators, and members for their own mail server. Each reading is in the audit log (`message.read`). No other answer holds a message’s body. Bcc recipients are not in the bytes; the record names them.",
    parameters: ["AcceptLanguage"],
    answers: {
      200: {
        description: "The mail, to save as a file.",
        content: {
          "message/rfc822": { schema: { type: "string", format: "binary", contentMediaType: "message/rfc822" } },
        },
      },
    },
    problems: ["invalid_request", "not_found", "body_erased", "newer_version"],
  },
  "PATCH /v1/messages/:id": {
    id: "rescheduleMessage",
    tag: "messages",
    title: { en: "Reschedule a message", fr: "Reprogrammer un message" },
    description: "Gives a `scheduled` message another time.",
    permission: "send",
    parameters: ["AcceptLanguage"],
    body: {
      content: {
        ...json("Reschedule", { later: { scheduledAt: "2099-01-31T09:00:00+01:00" } }),
        "application/merge-patch+json": { schema: "Reschedule" },
      },
    },
    answers: { 200: { description: "The message as it is now.", content: json("Message") } },
    problems: ["not_found", "server_not_allowed", "wrong_status", "newer_version"],
  },
  "POST /v1/messages/:id/cancel": {
    id: "cancelMessage",
    tag: "messages",
    title: { en: "Cancel a message", fr: "Annuler un message" },
    description: "For a message that is `queued`, `scheduled`, `held` or `deferred`.",
    permission: "send",
    parameters: ["AcceptLanguage"],
    body: { content: json("Nothing"), optional: true },
    answers: { 200: { description: "The message as it is now.", content: json("Message") } },
    problems: ["not_found", "server_not_allowed", "wrong_status", "newer_version"],
  },
  "POST /v1/messages/:id/retry": {
    id: "retryMessage",
    tag: "messages",
    title: { en: "Retry a failed message", fr: "Réessayer un message échoué" },
    description: "For a `failed` message, for 7 days: after that, its body is erased.",
    permission: "send",
    parameters: ["AcceptLanguage"],
    body: { content: json("Nothing"), optional: true },
    answers: { 200: { description: "The message as it is now.", content: json("Message") } },
    problems: ["not_found", "server_not_allowed", "wrong_status", "body_erased", "newer_version", "server_unavailable"],
  },
  "POST /v1/messages/:id/resolve": {
    id: "resolveMessage",
    tag: "messages",
    title: { en: "Decide about an unknown message", fr: "Trancher pour un message incertain" },
    description:
      "For a message that is `unknown`: Gmail’s reply was lost, and the sent mail does not tell whether it went out. With `Idempotency-Key`, a repeated request does nothing, even if the message is `unknown` again by then: otherwise a repeated `resend` could send one more copy.",
    permission: "send",
    parameters: ["IdempotencyKey", "AcceptLanguage"],
    body: { content: json("Resolution", { sent: { as: "sent" }, again: { as: "resend" } }) },
    answers: { 200: { description: "The message as it is now.", content: json("Message") } },
    problems: ["not_found", "server_not_allowed", "wrong_status", "body_erased", "newer_version"],
  },
  "POST /v1/messages/:id/resend": {
    id: "resendMessage",
    tag: "messages",
    title: { en: "Send a failed message to another address", fr: "Envoyer un message échoué à une autre adresse" },
    description:
      "For a `failed` message, for 7 days: after that, its body is erased. Makes a new message, with an id of its own, through the same mail server; the failed one stays as it is. Of a message that Relais composed, To becomes the addresses given, Cc and Bcc are left out, the rest stays, and the Message-ID is new. A mail that its caller composed stays byte for byte, with its Message-ID, so that signatures hold: only its envelope changes. Under `gmail_api`, which sends to whoever stands in the header, that is refused. A program may only do this with what it sent itself. The answer is that of `POST /v1/messages`, and the audit log names both messages (`message.resend`).",
    permission: "send",
    parameters: ["IdempotencyKey", "Prefer", "AcceptLanguage"],
    body: { content: json("Resend", { one: { to: ["grace@example.org"] } }) },
    answers: {
      200: {
        description: "With `Prefer: wait`: the record of the new message.",
        content: json("Message"),
        headers: ["Location", "IdempotencyReplayed", "PreferenceApplied"],
      },
      202: {
        description: "The new message is stored.",
        content: json("MessageReceipt", { accepted: RECEIPT }),
        headers: ["Location", "IdempotencyReplayed", "PreferenceApplied"],
      },
    },
    problems: [
      "not_found",
      "server_not_allowed",
      "wrong_status",
      "body_erased",
      "newer_version",
      "from_not_allowed",
      "envelope_unsupported",
      "server_unavailable",
      "message_too_large",
      "idempotency_key_reused",
    ],
  },
};
