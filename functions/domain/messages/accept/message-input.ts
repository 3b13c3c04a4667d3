import * as z from "zod";
import { type Detail, detail } from "../../detail-texts.ts";
import { fieldProblem, fieldProblems, jsonPointer, says } from "../../field-problems.ts";
import { instantInput } from "../../instant-input.ts";
import { type FieldProblem, invalidRequest, type Problem } from "../../problem.ts";
import { fail, ok, type Result } from "../../result.ts";
import { distinctAddresses, mailboxOf, parseMailboxes } from "../mailbox.ts";
import type { Mailbox, MessageBody } from "../message.ts";
import { decodedLine, isOneLine, LONGEST_LINE } from "../one-line.ts";
import { attachmentsInput, decodedLength } from "./attachment-input.ts";
import { bounded } from "./bounded-input.ts";
import { calendarInput } from "./calendar-input.ts";
import { headersInput, isUnsubscribeHeader, listUnsubscribeInput, tagsInput } from "./header-input.ts";
import { explainOversize } from "./outgoing-size.ts";
import { inReplyToInput, referencesInput } from "./thread-ids.ts";

/** The most bytes of text, html and decoded attachments over HTTP and on the topic, where Pub/Sub takes up to 10 MB. */
export const HTTP_SIZE_LIMIT = 24_000_000;
export const TOPIC_SIZE_LIMIT = 7_000_000;
/** Google's limit of recipients over SMTP (support.google.com/a/answer/166852). */
export const MOST_RECIPIENTS = 100;

/** What every request holds after parsing. `plan-message.ts` checks its times and chooses its server. */
export interface SharedInput {
  /** The id or name of a mail server; null lets Relais choose one. */
  readonly server: string | null;
  /** Null means the server's own address. */
  readonly from: Mailbox | null;
  /** The envelope, with each address once. */
  readonly recipients: readonly string[];
  readonly sizeBytes: number;
  readonly scheduledAtMs: number | null;
  readonly expiresAtMs: number | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly onUnknown: "hold" | "resend";
  readonly dryRun: boolean;
}

/** A request with content from which Relais composes the mail. */
export interface MessageInput extends SharedInput {
  readonly content: Omit<MessageBody, "from">;
}

const MAILBOX_SHAPE = says("not_mailbox");

const named = z.strictObject({ name: z.string().optional(), address: z.string() });

const mailboxesFrom = (value: unknown): readonly Mailbox[] | null => {
  if (typeof value === "string") return parseMailboxes(value);
  const parts = named.safeParse(value);
  const mailbox = parts.success ? mailboxOf(parts.data.name ?? "", parts.data.address) : null;
  return mailbox === null ? null : [mailbox];
};

const fromInput = z.unknown().transform((value, ctx): Mailbox => {
  const [mailbox, ...more] = mailboxesFrom(value) ?? [];
  if (mailbox !== undefined && more.length === 0) return mailbox;
  ctx.issues.push({ code: "custom", input: value, message: MAILBOX_SHAPE });
  return z.NEVER;
});

// A list may hold more items than there may be recipients, because a repeated address counts once.
const MOST_ITEMS = 10 * MOST_RECIPIENTS;

export const mailboxesInput = z.unknown().transform((value, ctx): readonly Mailbox[] => {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (items.length > MOST_ITEMS) {
    const message = says("too_many_recipients", { most: MOST_RECIPIENTS });
    ctx.issues.push({ code: "custom", input: value, message });
    return z.NEVER;
  }
  return items.flatMap((item, at) => {
    const mailboxes = mailboxesFrom(item);
    if (mailboxes === null) {
      const path = Array.isArray(value) ? [at] : [];
      ctx.issues.push({ code: "custom", input: item, path, message: MAILBOX_SHAPE });
    }
    return mailboxes ?? [];
  });
});

const content = z.string().refine((text) => text.isWellFormed(), says("broken_unicode"));
const oneLine = (most: number) => z.string().max(most).refine(isOneLine, says("not_one_line"));

/** The members that do not describe content. */
export const sharedMembers = {
  server: oneLine(200).min(1).optional(),
  scheduledAt: instantInput.optional(),
  expiresAt: instantInput.optional(),
  tags: tagsInput.optional(),
  onUnknown: z.enum(["hold", "resend"]).optional(),
  dryRun: z.boolean().optional(),
};
type SharedMembers = z.output<z.ZodObject<typeof sharedMembers>>;

/** The members that describe content, from which Relais composes the mail. */
export const contentMembers = {
  from: fromInput.optional(),
  to: mailboxesInput.optional(),
  cc: mailboxesInput.optional(),
  bcc: mailboxesInput.optional(),
  replyTo: mailboxesInput.optional(),
  subject: decodedLine(LONGEST_LINE).optional(),
  text: content.optional(),
  html: content.optional(),
  attachments: attachmentsInput.optional(),
  icalEvent: calendarInput.optional(),
  headers: headersInput.optional(),
  inReplyTo: inReplyToInput.optional(),
  references: referencesInput.optional(),
  listUnsubscribe: listUnsubscribeInput.optional(),
};

const members = z.strictObject({
  ...contentMembers,
  ...sharedMembers,
  envelope: z.never(says("only_with_raw")).optional(),
});
type Members = z.output<typeof members>;

/** The JSON that `POST /v1/messages` takes, member by member. */
export const messageSchema = bounded(members);

const utf8 = (text: string | undefined): number => (text === undefined ? 0 : Buffer.byteLength(text));

const sizeOf = (input: Members): number =>
  utf8(input.text) +
  utf8(input.html) +
  utf8(input.icalEvent?.content) +
  (input.attachments ?? []).reduce((sum, { content }) => sum + (decodedLength(content) ?? 0), 0);

/** Explains why a message is too large, as given or once encoded; undefined if it fits. */
const sizeProblem = (input: Members, sizeBytes: number, sizeLimit: number): Detail | undefined => {
  if (sizeBytes > sizeLimit) return detail("content_too_large", { bytes: sizeBytes, most: sizeLimit });
  return explainOversize(contentOf(input));
};

/** Checks what concerns several members at once. */
const crossFieldProblems = (input: Members, recipients: readonly string[]): FieldProblem[] => {
  const problems: FieldProblem[] = [];
  if (recipients.length === 0) problems.push(fieldProblem("/to", "no_recipient"));
  if (recipients.length > MOST_RECIPIENTS) {
    const path = (["to", "cc", "bcc"] as const).find((list) => (input[list]?.length ?? 0) > 0) ?? "to";
    problems.push(fieldProblem(`/${path}`, "too_many_recipients", { most: MOST_RECIPIENTS }));
  }
  if (input.text === undefined && input.html === undefined) {
    problems.push(fieldProblem("/text", "no_content"));
  }
  const header = Object.keys(input.headers ?? {}).find(isUnsubscribeHeader);
  if (header !== undefined && input.listUnsubscribe !== undefined) {
    problems.push(fieldProblem(`/headers/${header}`, "unsubscribe_header"));
  }
  return problems;
};

/** Without `references`, References repeats `inReplyTo` (RFC 5322 §3.6.4). */
const threadOf = ({ inReplyTo = [], references = [] }: Members): Pick<MessageBody, "inReplyTo" | "references"> => ({
  inReplyTo: inReplyTo.length === 0 ? null : inReplyTo.join(" "),
  references: references.length === 0 ? inReplyTo : references,
});

const contentOf = (input: Members): MessageInput["content"] => ({
  to: input.to ?? [],
  cc: input.cc ?? [],
  bcc: input.bcc ?? [],
  replyTo: input.replyTo ?? [],
  subject: input.subject ?? "",
  text: input.text ?? null,
  html: input.html ?? null,
  attachments: (input.attachments ?? []).map(({ filename, content, contentType, cid }) => ({
    filename: filename ?? null,
    content,
    contentType: contentType ?? null,
    cid: cid ?? null,
  })),
  icalEvent: input.icalEvent ?? null,
  headers: input.headers ?? {},
  ...threadOf(input),
  listUnsubscribe: input.listUnsubscribe ?? null,
});

export const sharedInput = (input: SharedMembers) => ({
  server: input.server ?? null,
  scheduledAtMs: input.scheduledAt ?? null,
  expiresAtMs: input.expiresAt ?? null,
  tags: input.tags ?? {},
  onUnknown: input.onUnknown ?? "hold",
  dryRun: input.dryRun ?? false,
});

const inputOf = (input: Members, recipients: readonly string[], sizeBytes: number): MessageInput => ({
  ...sharedInput(input),
  from: input.from ?? null,
  content: contentOf(input),
  recipients,
  sizeBytes,
});

/** `sizeLimit` is in bytes; `at` is the message's place in the whole request. */
export interface MessageLimits {
  readonly sizeLimit: number;
  readonly at?: readonly PropertyKey[];
}

/** Prefixes the paths of problems with the message's place in the whole request. */
export const placeProblems = (problem: Problem, at: readonly PropertyKey[]): Problem =>
  problem.code === "invalid_request"
    ? invalidRequest(...problem.fields.map((field) => ({ ...field, path: jsonPointer(at) + field.path })))
    : problem;

/**
 * Parses the JSON of one message. Refuses with `invalid_request`, naming every invalid place by JSON Pointer, or with
 * `message_too_large`. It must not depend on the time, so that a request that was accepted once always parses.
 */
export const parseMessage = (json: unknown, { sizeLimit, at = [] }: MessageLimits): Result<MessageInput> => {
  const parsed = messageSchema.safeParse(json, { reportInput: true });
  if (!parsed.success) {
    return fail(invalidRequest(...fieldProblems(parsed.error, at)));
  }
  const { to = [], cc = [], bcc = [] } = parsed.data;
  const recipients = distinctAddresses([...to, ...cc, ...bcc]);
  const problems = crossFieldProblems(parsed.data, recipients);
  if (problems.length > 0) {
    return fail(placeProblems(invalidRequest(...problems), at));
  }
  const sizeBytes = sizeOf(parsed.data);
  const tooLarge = sizeProblem(parsed.data, sizeBytes, sizeLimit);
  if (tooLarge !== undefined) return fail({ code: "message_too_large", detail: tooLarge });
  return ok(inputOf(parsed.data, recipients, sizeBytes));
};
