import { fieldProblems } from "../field-problems.ts";
import type { Log } from "../log.ts";
import { fail, ok, type Result } from "../result.ts";
import { attachmentsInput, type DocumentAttachment } from "./attachment-input.ts";
import type { DocumentFault } from "./document-fault.ts";
import { type DocumentInput, readDocument } from "./document-input.ts";
import type { DocumentSettings } from "./document-settings.ts";
import type { DocumentData, MailDocuments } from "./mail-documents.ts";
import { onOneLine } from "./on-one-line.ts";
import { fillTemplate } from "./templates/fill-template.ts";
import type { TemplateShelf } from "./templates/load-template.ts";
import { findRecipients } from "./users.ts";

export interface ComposeDeps {
  readonly documents: MailDocuments;
  readonly templates: TemplateShelf;
  readonly settings: DocumentSettings;
  readonly log: Log;
}

/** A document as a request to send a message. */
export interface DocumentRequest {
  /** As `POST /v1/messages` takes it. */
  readonly json: Readonly<Record<string, unknown>>;
  /** The Message-ID that the document asks for. */
  readonly messageId: string | null;
}

interface Content {
  readonly subject: string | undefined;
  readonly text: string | undefined;
  readonly html: string | undefined;
  readonly attachments: readonly DocumentAttachment[];
}

/** What a template makes replaces what the message says, part by part. */
const withTemplate = async (deps: ComposeDeps, input: DocumentInput): Promise<Result<Content, DocumentFault>> => {
  const { message, template } = input;
  const own = { ...message, attachments: message.attachments ?? [] };
  const { subject, text, html, attachments } = own;
  if (template === undefined) return ok({ subject, text, html, attachments });
  const { database, templatesCollection } = deps.settings;
  if (templatesCollection === null) return fail({ code: "templates_not_configured" });
  const at = { database, collection: templatesCollection };
  const filled = await fillTemplate((name) => deps.templates.load(at, name), template);
  if (!filled.ok) return filled;
  const made = { subject, text, html, ...filled.value.parts };
  if (filled.value.attachments === undefined) return ok({ ...made, attachments });
  const read = attachmentsInput.safeParse(filled.value.attachments, { reportInput: true });
  if (!read.success) return fail({ code: "fields", fields: fieldProblems(read.error, ["template", "attachments"]) });
  return ok({ ...made, attachments: read.data });
};

/** One id in angle brackets, which nodemailer adds too. */
const MESSAGE_ID = /^<?([!-;=?-~]{1,250})>?$/;

const readMessageId = (text: string | undefined): Result<string | null, DocumentFault> => {
  if (!text) return ok(null);
  const [, id] = MESSAGE_ID.exec(text.trim()) ?? [];
  return id === undefined ? fail({ code: "message_id" }) : ok(`<${id}>`);
};

const given = (members: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== null));

/** Makes of a document the request that a program would send. Throws `Unavailable`. */
export const composeRequest = async (
  deps: ComposeDeps,
  data: DocumentData,
): Promise<Result<DocumentRequest, DocumentFault>> => {
  const input = readDocument(data);
  if (!input.ok) return input;
  const { settings } = deps;
  const { from, replyTo, headers, message } = input.value;
  const messageId = readMessageId(message.messageId);
  if (!messageId.ok) return messageId;
  const recipients = await findRecipients(deps, settings, input.value);
  if (!recipients.ok) return recipients;
  const content = await withTemplate(deps, input.value);
  if (!content.ok) return content;
  const { subject, text, html, attachments } = content.value;
  const json = given({
    from: from ?? settings.defaultFrom,
    ...recipients.value,
    replyTo: replyTo ?? settings.defaultReplyTo,
    subject: subject === undefined ? undefined : onOneLine(subject),
    // A template may leave a mail without text; that mail has nothing in it.
    text: text ?? (html === undefined ? "" : undefined),
    html,
    attachments,
    headers,
    inReplyTo: message.inReplyTo,
    references: message.references,
  });
  return ok({ json, messageId: messageId.value });
};
