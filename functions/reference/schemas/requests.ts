import type * as z from "zod";
import { keyInput } from "../../domain/access/key-register.ts";
import { mailServerInput } from "../../domain/mail-servers/mail-server-input.ts";
import { batchInput } from "../../domain/messages/accept/batch.ts";
import { messageSchema } from "../../domain/messages/accept/message-input.ts";
import { rawSchema } from "../../domain/messages/accept/raw-input.ts";
import { rescheduleInput } from "../../domain/messages/commands/reschedule.ts";
import { resendInput } from "../../domain/messages/commands/resend-message.ts";
import { resolutionInput } from "../../domain/messages/commands/resolve-by-person.ts";
import { settingsInput } from "../../domain/settings/edit-settings.ts";
import { plainInput, sandboxInput, webFile } from "../../domain/settings/gmail-credentials.ts";
import type { EnvironmentSettings } from "../../domain/settings/settings.ts";
import { testInput } from "../../runtime/handlers/mail-servers/connections.ts";
import { tokenInput } from "../../runtime/handlers/mail-servers/session.ts";
import { emptyInput } from "../../runtime/optional-body.ts";
import { isSchema, type JsonSchema, ref, requestSchema } from "./json-schema.ts";
import { type MemberTexts, withMemberTexts } from "./member-texts.ts";
import { MAILBOX, MAILBOXES, MESSAGE_TEXTS, RAW_TEXTS } from "./message-texts.ts";

const described = (id: string, schema: z.ZodType, texts: MemberTexts): JsonSchema =>
  withMemberTexts(requestSchema(schema), texts, id);

const orNull = (schema: JsonSchema): JsonSchema => {
  const { default: _, ...rest } = schema;
  if (Array.isArray(rest.type)) return rest;
  if (rest.const !== undefined) return withoutConst(rest);
  if (typeof rest.type !== "string") return rest.anyOf === undefined ? rest : { ...rest, anyOf: withNull(rest.anyOf) };
  return { ...rest, type: [rest.type, "null"], ...(Array.isArray(rest.enum) ? { enum: [...rest.enum, null] } : {}) };
};

const withoutConst = ({ const: value, ...rest }: JsonSchema): JsonSchema => ({
  ...rest,
  type: ["string", "null"],
  enum: [value, null],
});

const withNull = (options: unknown): readonly unknown[] => {
  const list: readonly unknown[] = Array.isArray(options) ? options : [];
  return list.some((option) => isSchema(option) && option.type === "null") ? list : [...list, { type: "null" }];
};

/** A merge patch (RFC 7396): every member may be absent, and null resets those that have a default. */
const patchOf = (schema: JsonSchema): JsonSchema => {
  const { required, properties, ...rest } = schema;
  const needed: readonly unknown[] = Array.isArray(required) ? required : [];
  const members = Object.entries(isSchema(properties) ? properties : {}).map(([name, member]) => {
    const inner = isSchema(member) ? member : {};
    return [name, needed.includes(name) ? inner : orNull(inner)];
  });
  return { ...rest, properties: Object.fromEntries(members) };
};

const LIMITS: MemberTexts = {
  perMinute: "The most recipients in any minute.",
  perDay: "The most recipients in any 24 hours.",
};

const newMailServer = described("NewMailServer", mailServerInput, {
  name: { description: "A unique name.", examples: ["Billing"] },
  description: "A note for people.",
  username: { description: "The Gmail address.", examples: ["billing@example.com"] },
  authentication: "How it logs in.",
  transport: "How it hands mail to Gmail: SMTP, or the Gmail API with permission to send only.",
  fromFilter: {
    description: "The addresses and `@domain`s that From may have; empty for the username alone.",
    examples: [["billing@example.com", "@example.com"]],
  },
  priority: "The server with the lowest number is chosen first.",
  active: "Whether it may send; false archives it.",
  shared: "Whether it may serve callers that name no server.",
  limits: {
    description: "The most recipients; what is absent follows the kind of account.",
    schema: {
      type: ["object", "null"],
      properties: {
        perMinute: { type: "integer", minimum: 1, maximum: 10_000, description: LIMITS.perMinute },
        perDay: { type: "integer", minimum: 1, maximum: 1_000_000, description: LIMITS.perDay },
      },
      additionalProperties: false,
    },
  },
  sendAsUnchecked: "With `gmail_api`: whether you vouch for other addresses in From, which Relais cannot check there.",
});

/** No installation's own values: they are defaults only, which a patch does not show. */
const NO_ENVIRONMENT: EnvironmentSettings = {
  operators: [],
  members: [],
  callers: [],
  retentionDays: 30,
  publicUrl: "https://relais.example.com",
  smtpDoor: null,
};

const settings = described("SettingsPatch", settingsInput(NO_ENVIRONMENT), {
  operators: "Addresses and `@domain`s of operators. Those of `RELAIS_OPERATORS` cannot be removed.",
  members: { description: "Addresses and `@domain`s of members.", examples: [["@example.com"]] },
  callers: "Addresses of service accounts that may send with a Google-signed ID token.",
  retentionDays: "How long the record of a final message is kept, in days.",
  publishingStatus: "The OAuth app’s status in Google’s console; it decides which ends of access can be foreseen.",
  paused: "While true, nothing is sent; what is accepted is held.",
  alerts: {
    description: "Who is told by mail what only a person can fix; null for nobody.",
    members: { server: "The id of the mail server that sends them.", to: "Who gets them: 1 to 20 addresses." },
  },
});

const message = described("NewMessage", messageSchema, MESSAGE_TEXTS);

const rawMessage = described("NewRawMessage", rawSchema, RAW_TEXTS);

const batchItem = (sent: JsonSchema): JsonSchema => ({
  ...sent,
  properties: {
    ...(isSchema(sent.properties) ? sent.properties : {}),
    idempotencyKey: {
      type: "string",
      pattern: "^[\\x20-\\x7e]{1,255}$",
      description: "The item’s own idempotency key; a batch takes no header for it.",
    },
  },
});

/** The bodies of requests, by the names under which the document lists them. */
export const REQUESTS: Readonly<Record<string, JsonSchema>> = {
  Mailbox: MAILBOX,
  Mailboxes: MAILBOXES,
  NewMessage: message,
  NewRawMessage: rawMessage,
  BatchItem: batchItem(message),
  RawBatchItem: batchItem(rawMessage),
  Batch: described("Batch", batchInput, {
    items: {
      description: "Up to 100 messages.",
      schema: { type: "array", items: { anyOf: [ref("BatchItem"), ref("RawBatchItem")] }, minItems: 1, maxItems: 100 },
    },
  }),
  Reschedule: described("Reschedule", rescheduleInput, {
    scheduledAt: {
      description: "The new time, with an offset. A time in the past means now.",
      schema: { type: "string", format: "date-time", maxLength: 64 },
      examples: ["2027-01-31T09:00:00+01:00"],
    },
  }),
  Resolution: described("Resolution", resolutionInput, {
    as: "What you decide: it was sent, it shall be sent again (with the same Message-ID), or it failed.",
  }),
  Resend: described("Resend", resendInput, {
    to: { description: "Who gets it, instead of everyone whom the failed message was for.", schema: ref("Mailboxes") },
  }),
  Nothing: requestSchema(emptyInput),
  NewMailServer: newMailServer,
  MailServerPatch: patchOf(newMailServer),
  ConnectionTest: described("ConnectionTest", testInput, {
    sendTo: "`self` also sends a real mail to the server’s own address once every stage has passed.",
  }),
  GmailCredentialsInput: {
    anyOf: [
      described("GmailClient", plainInput, {
        clientId: {
          description: "The OAuth client’s id, as Google shows it.",
          examples: ["1234567890-abc.apps.googleusercontent.com"],
        },
        clientSecret: { description: "The client’s secret.", examples: ["GOCSPX-replace-me"] },
      }),
      described("GmailClientFile", webFile, {
        web: {
          description: "The file that Google’s console downloads for a web client; its other members are ignored.",
          members: {
            client_id: "The client’s id.",
            client_secret: "The client’s secret.",
            redirect_uris: "The registered redirect URIs, which must hold ours.",
          },
        },
      }),
      described("SandboxClient", sandboxInput, {
        sandbox: "The client of the local sandbox, where `GET /v1/settings` shows one; refused elsewhere.",
      }),
    ],
  },
  SettingsPatch: patchOf(settings),
  NewKey: described("NewKey", keyInput, {
    name: { description: "What the key is for.", examples: ["ERP"] },
    servers: "The ids of the mail servers that it may use; empty or absent for every one.",
    permissions: {
      description: "`send`: send, and see and move what it sent. `read`: see the messages of its servers.",
      examples: [["send", "read"]],
    },
    expiresAt: {
      description: "When it stops working; absent or null if it does not.",
      schema: { type: ["string", "null"], format: "date-time", maxLength: 64 },
      examples: ["2027-12-31T23:59:59Z"],
    },
  }),
  SetupToken: described("SetupToken", tokenInput, { setupToken: "The setup token of this installation." }),
};
