import * as z from "zod";
import { FIELD_CODES } from "../../domain/field-texts.ts";
import type { SmtpReply } from "../../domain/google/replies.ts";
import { MESSAGE_STATUSES } from "../../domain/messages/statuses.ts";
import type { messageReceipt, messageView } from "../../domain/messages/views/message-view.ts";
import type { StatsView } from "../../domain/messages/views/stats.ts";
import type { FieldProblem } from "../../domain/problem.ts";
import type { dryRunView, itemView } from "../../runtime/handlers/send-mail/accept.ts";
import { HTTP_PROBLEMS, type ProblemBody } from "../../runtime/problem-json.ts";
import { addresses, count, flag, instant, instantOrNull, listOf, text, textOrNull } from "./parts.ts";
import { viewSchema } from "./view-schema.ts";

const params = (description: string) => z.record(z.string(), z.union([z.string(), z.number()])).meta({ description });

export const fieldProblem = viewSchema<FieldProblem>()(
  z.object({
    path: text("A JSON Pointer (RFC 6901) into the body, or `/name` for a query parameter.", "/to/0"),
    code: z.enum(FIELD_CODES).meta({ description: "What is wrong there." }),
    params: params("The numbers and values in the text of `code`.").optional(),
    message: text("The English text of `code`.", "must be an address such as ada@example.com"),
  }),
);

type Code = ProblemBody["code"];
const isCode = (code: string): code is Code => code === "internal_error" || Object.hasOwn(HTTP_PROBLEMS, code);

/** Every code of a problem, in the order of the catalogue. */
export const PROBLEM_CODES: readonly Code[] = [...Object.keys(HTTP_PROBLEMS), "internal_error"].filter(isCode);

export const problem = viewSchema<ProblemBody>()(
  z.object({
    type: text(
      "Identifies the kind of problem; a name, not an address to fetch.",
      "urn:relais:problem:invalid_request",
    ),
    title: text("What went wrong, in one line, in the language of `Accept-Language`."),
    status: z.int().min(400).max(599).meta({ description: "The HTTP status." }),
    detail: text("What to do next, in the same language."),
    code: z.enum(PROBLEM_CODES).meta({ description: "The stable name of the problem, for programs." }),
    retryable: flag("Whether the same request may succeed later although nobody fixes anything."),
    requestId: text("Finds the request in the log."),
    outcome: z
      .enum(["not_sent", "unknown", "sent"])
      .meta({
        description:
          "Of a message: what became of it. After `unknown`, repeat the request with its `Idempotency-Key` to find out.",
      })
      .optional(),
    fields: z.array(fieldProblem).meta({ description: "The invalid or forbidden places, at most 50." }).optional(),
    redirectUri: text("Of `redirect_uri_missing`: the exact URI to add in Google’s console.").optional(),
  }),
);

export const smtpReply = viewSchema<SmtpReply>()(
  z.object({
    code: z.int().meta({ description: "The SMTP reply code, or the HTTP status of the Gmail API.", examples: [550] }),
    enhanced: textOrNull("The enhanced status code (RFC 3463).", "5.1.1"),
    response: text("The first 500 characters of the reply’s text."),
  }),
);

type View = ReturnType<typeof messageView>;

const recipient = viewSchema<View["recipients"][number]>()(
  z.object({
    address: text("The address.", "client@example.org"),
    kind: z.enum(["to", "cc", "bcc"]).meta({ description: "The header field that names it." }),
    state: z.enum(["pending", "accepted", "rejected"]).meta({ description: "What Gmail has said about it so far." }),
    reply: smtpReply.optional(),
  }),
);

const attempt = viewSchema<View["attempts"][number]>()(
  z.object({
    at: instant("When it ended."),
    outcome: z.enum(["sent", "deferred", "failed", "unknown", "held"]).meta({ description: "How it ended." }),
    smtp: smtpReply.optional(),
    problem: text("Why, as a code of a delivery problem.", "recipients_refused").optional(),
  }),
);

const status = z.enum(MESSAGE_STATUSES).meta({
  description:
    "What has become of the message. A later release may add statuses: treat one you do not know as not final.",
});

const timelineEntry = viewSchema<View["timeline"][number]>()(
  z.object({
    at: instant("When the message moved."),
    status,
    note: textOrNull("Why, in English."),
    noteCode: text("The stable name of the note.", "limit_reached").optional(),
    noteParams: params("The values in the note’s text.").optional(),
    fields: z
      .array(fieldProblem)
      .meta({ description: "What was wrong with a message that was refused on the topic." })
      .optional(),
  }),
);

const identity = {
  id: text("The id, `msg_…`.", "msg_yVJk2Gm1qTRxAh0bX3ZK"),
  messageId: text("The header Message-ID, with its angle brackets. It stays the same through every attempt."),
  server: text("The id of the mail server that sends it.", "srv_Vq0oWc5cD1mBfH2nPz8L"),
  status,
};

export const receipt = viewSchema<ReturnType<typeof messageReceipt>>()(z.object(identity));

export const message = viewSchema<View>()(
  z.object({
    ...identity,
    createdAt: instant("When it was accepted."),
    updatedAt: instant("When it last changed."),
    from: text("The address in From.", "billing@example.com"),
    to: addresses("Recipients in To."),
    cc: addresses("Recipients in Cc."),
    bcc: addresses("Recipients in Bcc."),
    recipients: z.array(recipient).meta({ description: "Each recipient with what became of it." }),
    subject: text("The subject.", "Invoice 42"),
    sizeBytes: count("Bytes of text, html and decoded attachments."),
    hasContent: flag("Whether its content is still kept, so that it can be shown, retried or sent to another address."),
    tags: z
      .record(z.string(), z.string())
      .meta({ description: "The caller’s own labels.", examples: [{ kind: "invoice" }] }),
    key: textOrNull("The id of the API key that sent it; null if no key did."),
    onUnknown: z.enum(["hold", "resend"]).meta({ description: "What to do if it stays unknown whether it was sent." }),
    scheduledAt: instantOrNull(
      "Of a `scheduled` message: when it will be sent. Of an `unknown` one that was scheduled when the store was restored: it is not sent again before. Otherwise null.",
    ),
    expiresAt: instantOrNull("After this, it is not sent any more; null if it does not expire."),
    nextAttemptAt: instantOrNull("The next automatic attempt; null if none is set."),
    heldBecause: z
      .union([z.enum(["limit_reached", "reconnect_required", "paused"]), z.null()])
      .meta({ description: "Of a `held` message: what it waits for; otherwise null." }),
    accepted: addresses("Recipients that Gmail has accepted."),
    rejected: addresses("Recipients that Gmail has refused."),
    attempts: z.array(attempt).meta({ description: "Every attempt to hand it to Gmail, the first one first." }),
    timeline: z.array(timelineEntry).meta({ description: "Every change of status, the first one first." }),
    providerId: textOrNull("The id that the Gmail API gave it; null over SMTP."),
  }),
);

export const dryRun = viewSchema<ReturnType<typeof dryRunView>>()(
  z.object({
    ok: flag("Whether the message would be accepted and could leave."),
    server: textOrNull("The id of the mail server that would send it."),
    from: textOrNull("The address that would be in From."),
    problems: z.array(problem).meta({ description: "What would refuse or hold it." }),
  }),
);

const batchBody = viewSchema<ReturnType<typeof itemView>["body"]>()(z.union([receipt, dryRun, problem]));

const batchAnswer = z.object({
  status: z.int().meta({ description: "The HTTP status that this message would have got alone.", examples: [202] }),
  body: batchBody.meta({ description: "The body that it would have got alone." }),
});

const stats = viewSchema<StatsView>()(
  z.object({
    items: z
      .array(
        z.object({
          at: instant("The start of the hour or day, in UTC."),
          server: text("The mail server’s id, if one was asked for.", "srv_Vq0oWc5cD1mBfH2nPz8L").optional(),
          sent: count("Messages that Gmail took for at least one recipient. One that is being sent counts already."),
          refused: count("Of those sent, the ones of which Gmail refused a recipient."),
          failed: count("Messages that failed. A retry takes its failure back."),
          held: count("How often a message was held."),
          deferred: count("How often a message was deferred."),
          unknown: count("How often a message became `unknown`."),
          canceled: count("Messages that were canceled."),
          expired: count("Messages that expired."),
          recipients: count("Recipients for whom Gmail took a message."),
        }),
      )
      .meta({ description: "A row for every hour or day, the oldest first." }),
  }),
);

export const MESSAGE_VIEWS = {
  Problem: problem,
  FieldProblem: fieldProblem,
  SmtpReply: smtpReply,
  MessageReceipt: receipt,
  Message: message,
  MessageList: listOf(message),
  Recipient: recipient,
  Attempt: attempt,
  TimelineEntry: timelineEntry,
  DryRun: dryRun,
  BatchAnswer: batchAnswer,
  BatchAnswers: z.object({
    items: z.array(batchAnswer).meta({ description: "One answer for each message, in the order of the request." }),
  }),
  Stats: stats,
};
