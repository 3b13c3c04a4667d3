import * as z from "zod";
import { CONNECTION_STATES, type ConnectionReason, REASONS } from "../../domain/connection-states.ts";
import type { Disconnected } from "../../domain/connections/endings/disconnect.ts";
import type { Limits } from "../../domain/mail-servers/limits.ts";
import type { mailServerView } from "../../domain/mail-servers/mail-server-view.ts";
import type { testReport } from "../../domain/mail-servers/test-report.ts";
import type { Usage } from "../../domain/messages/limits/usage.ts";
import { TEXT_CODES } from "../../domain/problem-texts.ts";
import { TRANSPORT_NAMES } from "../../domain/transport.ts";
import { receipt } from "./message-views.ts";
import { count, flag, instant, instantOrNull, listOf, text, textOrNull, texts } from "./parts.ts";
import { viewSchema } from "./view-schema.ts";

type View = ReturnType<typeof mailServerView>;

const isReason = (name: string): name is ConnectionReason => Object.hasOwn(REASONS, name);
/** Every reason why a connection may be in trouble. */
export const CONNECTION_REASONS: readonly ConnectionReason[] = Object.keys(REASONS).filter(isReason);

const limits = viewSchema<Limits>()(
  z.object({ perMinute: count("Recipients in any minute."), perDay: count("Recipients in any 24 hours.") }),
);

const connection = viewSchema<View["connection"]>()(
  z.object({
    state: z.enum(CONNECTION_STATES).meta({ description: "What was last proven about the account’s access." }),
    email: textOrNull("The address of the connected account.", "billing@example.com"),
    scopes: texts("The scopes that the account has granted."),
    connectedAt: instantOrNull("When the account gave its consent."),
    lastVerifiedAt: instantOrNull("When the access last proved to work."),
    expiresAt: instantOrNull("When the access will end, if that can be foreseen."),
    reason: z
      .union([z.enum(CONNECTION_REASONS), z.null()])
      .meta({ description: "Why the connection is in trouble, or will be; null if it is not." }),
    advice: textOrNull("What happened and what to do next, in the language of `Accept-Language`."),
  }),
);

const mailServer = viewSchema<View>()(
  z.object({
    id: text("The id, `srv_…`.", "srv_Vq0oWc5cD1mBfH2nPz8L"),
    name: text("A unique name.", "Billing"),
    description: text("A note for people."),
    username: text("The Gmail address.", "billing@example.com"),
    authentication: z.literal("gmail_oauth").meta({ description: "How it logs in." }),
    transport: z.enum(TRANSPORT_NAMES).meta({ description: "How it hands mail to Gmail." }),
    fromFilter: texts("The addresses and `@domain`s that From may have; empty for the username alone."),
    priority: count("The server with the lowest number is chosen first."),
    active: flag("Whether it may send; false archives it."),
    shared: flag("Whether it may serve callers that name no server."),
    limits,
    sendAsUnchecked: flag("With `gmail_api`: whether an operator vouches for other addresses in From."),
    connection,
    createdAt: instant("When it was created."),
    updatedAt: instant("When it was last edited."),
    etag: text("The entity tag for `If-Match`."),
  }),
);

const usage = viewSchema<Usage>()(
  z.object({
    lastMinute: count("Recipients in the last minute."),
    lastDay: count("Recipients in the last 24 hours."),
    blockedUntil: instantOrNull("Gmail named a limit of its own: nothing is sent before this."),
  }),
);

const disconnected = viewSchema<Disconnected>()(
  z.object({
    revoked: flag("Whether Google has ended the access, now or earlier."),
    sharedWith: texts("Other mail servers of the same account, because of which nothing was revoked."),
  }),
);

type Stage = ReturnType<typeof testReport>["stages"][number];

const passed = {
  stage: z
    .enum(["token", "scope", "identity", "dns", "tls", "auth", "envelope"])
    .meta({ description: "What was tested." }),
  ms: count("How long it took, in milliseconds."),
};

const stage = viewSchema<Stage>()(
  z.union([
    z.object({ ...passed, ok: z.literal(true).meta({ description: "It has passed." }) }),
    z.object({
      ...passed,
      ok: z.literal(false).meta({ description: "It has failed." }),
      problem: z
        .object({
          code: z.enum(TEXT_CODES).meta({ description: "The stable name of the problem." }),
          title: text("What went wrong."),
          detail: text("What to do next."),
          upstream: text("What Gmail said.").optional(),
        })
        .meta({ description: "What went wrong." }),
    }),
  ]),
);

/** `message` is in the answer only if a real mail was asked for and every stage has passed. */
const report = viewSchema<ReturnType<typeof testReport> & { readonly message?: z.output<typeof receipt> }>()(
  z.object({
    ok: flag("Whether every stage has passed."),
    stages: z.array(stage).meta({ description: "The stages that ran, in order. One that did not run is absent." }),
    message: receipt.optional(),
  }),
);

export const SERVER_VIEWS = {
  MailServer: mailServer,
  MailServerList: listOf(mailServer),
  Connection: connection,
  Limits: limits,
  Usage: usage,
  Disconnected: disconnected,
  TestReport: report,
  TestStage: stage,
};
