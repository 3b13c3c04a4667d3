import * as z from "zod";
import type { auditView } from "../../domain/access/audit.ts";
import type { keyView, listedKeyView } from "../../domain/access/key-register.ts";
import type { programView, sessionView, signedInView } from "../../domain/access/session-view.ts";
import type { Build } from "../../domain/build.ts";
import type { Check, Examination } from "../../domain/doctor/examine.ts";
import { PUBLISHING_STATUSES } from "../../domain/settings/settings.ts";
import type { gmailCredentialsView, settingsView } from "../../domain/settings/settings-view.ts";
import { count, flag, instant, instantOrNull, listOf, text, textOrNull, texts } from "./parts.ts";
import { viewSchema } from "./view-schema.ts";

const permissions = z.array(z.enum(["send", "read"])).meta({ description: "What the credential allows." });

const session = viewSchema<ReturnType<typeof sessionView>>()(
  z.object({
    actor: text("The person’s address, or `setup-token`.", "olga@example.com"),
    role: z.enum(["operator", "member"]).meta({ description: "What the person may do." }),
    csrf: textOrNull("The value for the header `X-Relais-CSRF`; null without a cookie."),
    operators: texts("For a member: whom to ask for what only operators may do.").optional(),
    paused: flag("For a member: while true, nothing is sent.").optional(),
  }),
);

const signedIn = viewSchema<ReturnType<typeof signedInView>>()(
  z.object({
    actor: text("The person’s address, or `setup-token`.", "olga@example.com"),
    role: z.enum(["operator", "member"]).meta({ description: "What the person may do." }),
    signedInAt: instant("When the person signed in."),
    lastSeenAt: instant("The last request, to within five minutes."),
    endsAt: instant("When the session ends even if it is in use; twelve hours without a request end it sooner."),
  }),
);

const program = viewSchema<ReturnType<typeof programView>>()(
  z.object({
    actor: text("Who the program is.", "key:0f3a5c7e9b1d2f4a6c"),
    role: z.literal("program").meta({ description: "A key, or a caller with an ID token." }),
    permissions,
    servers: texts("The ids of the mail servers that it may use; empty for every one."),
  }),
);

const keyMembers = {
  id: text("The id, the middle of the key itself.", "0f3a5c7e9b1d2f4a6c"),
  name: text("What the key is for.", "ERP"),
  servers: texts("The ids of the mail servers that it may use; empty for every one."),
  permissions,
  expiresAt: instantOrNull("When it stops working; null if it does not."),
  createdAt: instant("When it was made."),
};

const listedKey = viewSchema<ReturnType<typeof listedKeyView>>()(
  z.object({ ...keyMembers, lastUsedAt: instantOrNull("When it was last used, to the hour; null if it never was.") }),
);

const issuedKey = viewSchema<ReturnType<typeof keyView> & { readonly key: string }>()(
  z.object({ ...keyMembers, key: text("The key itself, `rk_<id>_<secret>`. This answer alone shows it.") }),
);

const auditEntry = viewSchema<ReturnType<typeof auditView>>()(
  z.object({
    at: instant("When it was done."),
    actor: text("Who did it: a person’s address, a program, `google` or `relais`.", "olga@example.com"),
    action: text("What was done.", "mail_server.update"),
    target: text("The id of what was changed.", "srv_Vq0oWc5cD1mBfH2nPz8L"),
    detail: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]))
      .meta({ description: "Names of members, ids and addresses; never a secret.", examples: [{ changed: ["name"] }] }),
  }),
);

const settings = viewSchema<ReturnType<typeof settingsView>>()(
  z.object({
    operators: texts("Addresses and `@domain`s of operators, those of `RELAIS_OPERATORS` first."),
    members: texts("Addresses and `@domain`s of members."),
    callers: texts("Addresses of service accounts that may send with a Google-signed ID token."),
    retentionDays: count("How long the record of a final message is kept, in days."),
    publishingStatus: z.enum(PUBLISHING_STATUSES).meta({ description: "The OAuth app’s status in Google’s console." }),
    paused: flag("While true, nothing is sent."),
    alerts: z
      .union([
        z.object({
          server: text("The id of the mail server that sends them."),
          to: texts("Who gets them."),
        }),
        z.null(),
      ])
      .meta({ description: "Who is told by mail what only a person can fix; null if nobody is." }),
    smtpDoor: z
      .union([
        z.object({
          host: text("The host, on loopback.", "127.0.0.1"),
          port: count("The port."),
        }),
        z.null(),
      ])
      .meta({ description: "Where `npm start` takes mail by SMTP; null if it does not, and on Google Cloud." }),
    sandbox: z
      .union([z.object({ mailboxUrl: text("Where the mail that it takes can be read.") }), z.null()])
      .meta({ description: "The local stand-in for Google that `npm start` runs; null with the real Google." }),
  }),
);

const credentials = viewSchema<ReturnType<typeof gmailCredentialsView>>()(
  z.object({
    clientId: textOrNull("The OAuth client’s id; null if none is saved. The secret is never shown."),
    redirectUri: text("The redirect URI that the client must have, exactly."),
    configuredAt: instantOrNull("When the client was saved."),
  }),
);

const check = viewSchema<Check>()(
  z.object({
    id: text("The stable name of the check.", "gmail_credentials"),
    ok: flag("Whether it has passed."),
    level: z
      .enum(["required", "advice"])
      .meta({ description: "`required`: without it, mail cannot be sent or nobody can set it up." }),
    title: text("What was checked, or what to do while it has not passed."),
    advice: text("What was found, and what to do."),
    link: text("Where to look at Google.").optional(),
  }),
);

const examination = viewSchema<Examination>()(
  z.object({
    ok: flag("Whether every required check has passed."),
    checks: z.array(check).meta({ description: "Every check, in the order in which they help." }),
  }),
);

const build = viewSchema<Build>()(
  z.object({
    version: text("The release.", "0.1.0"),
    commit: text(
      "The full id of the commit that it was built from, with `-dirty` if its sources had changed since; `unknown` if it was built outside a git repository and nobody named one.",
      "3f786850e387550fdab836ed7e6dc881de23001b",
    ),
  }),
);

export const ACCESS_VIEWS = {
  Session: session,
  Program: program,
  SignedIn: signedIn,
  SignedInList: listOf(signedIn),
  Key: listedKey,
  IssuedKey: issuedKey,
  KeyList: listOf(listedKey),
  AuditEntry: auditEntry,
  AuditList: listOf(auditEntry),
  Settings: settings,
  GmailCredentials: credentials,
  SetupCheck: check,
  Examination: examination,
  Health: build,
};
