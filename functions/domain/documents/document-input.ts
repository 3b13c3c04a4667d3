import * as z from "zod";
import { fieldProblem, fieldProblems, says } from "../field-problems.ts";
import { fail, ok, type Result } from "../result.ts";
import { attachmentsInput, type DocumentAttachment } from "./attachment-input.ts";
import type { DocumentFault } from "./document-fault.ts";
import type { DocumentData } from "./mail-documents.ts";
import { onOneLine } from "./on-one-line.ts";

const texts = z.array(z.string());

/** One address or several in a text, or a list of such texts. */
const addresses = z
  .unknown()
  .transform((value, ctx): readonly string[] => {
    const list = texts.safeParse(typeof value === "string" ? [value] : value);
    if (list.success) return list.data.map(onOneLine).filter((text) => text !== "");
    ctx.issues.push({ code: "custom", input: value, message: says("not_address_list") });
    return z.NEVER;
  })
  .optional();

const uids = texts.optional();
const emptyAsAbsent = z
  .string()
  .transform((text) => onOneLine(text) || undefined)
  .optional();
const ids = z
  .union([texts, z.string()])
  .transform((given) => (typeof given === "string" ? onOneLine(given) : given.map(onOneLine)))
  .optional();

const message = z.object({
  subject: z.string().optional(),
  text: z.string().optional(),
  html: z.string().optional(),
  attachments: attachmentsInput.optional(),
  messageId: z.string().optional(),
  inReplyTo: ids,
  references: ids,
});

const header = z.union([z.number(), z.boolean(), z.string()]).transform((value) => onOneLine(String(value)));

const schema = z.object({
  to: addresses,
  cc: addresses,
  bcc: addresses,
  toUids: uids,
  ccUids: uids,
  bccUids: uids,
  from: emptyAsAbsent,
  replyTo: emptyAsAbsent,
  headers: z.record(z.string(), header).optional(),
  message: message.optional(),
  template: z.object({ name: z.string().min(1), data: z.record(z.string(), z.unknown()).optional() }).optional(),
  sendGrid: z.object({ templateId: z.string() }).optional(),
});

export type DocumentMessage = z.output<typeof message>;
export interface DocumentInput extends Omit<z.output<typeof schema>, "message"> {
  readonly message: DocumentMessage & { readonly attachments?: readonly DocumentAttachment[] };
}

/**
 * Whether a document is one at all: one that has neither a message nor a template is left alone, as by the extension.
 */
export const isMail = ({ message, template, sendGrid }: DocumentData): boolean =>
  typeof message === "object" || Boolean(template) || typeof sendGrid === "object";

/** A document without a template says all itself. */
const contentFaults = ({ subject, text, html }: DocumentMessage) => [
  ...(subject === undefined ? [fieldProblem("/message/subject", "required")] : []),
  ...(text || html ? [] : [fieldProblem("/message/text", "no_content")]),
];

/** Reads a document as the extension does: what it does not know is ignored, what it knows must be well formed. */
export const readDocument = (data: DocumentData): Result<DocumentInput, DocumentFault> => {
  const { template, ...rest } = data;
  const parsed = schema.safeParse(template ? data : rest, { reportInput: true });
  if (!parsed.success) return fail({ code: "fields", fields: fieldProblems(parsed.error) });
  const { message = undefined, ...others } = parsed.data;
  if (message === undefined && others.template === undefined) return fail({ code: "send_grid" });
  const faults = others.template === undefined ? contentFaults(message ?? {}) : [];
  return faults.length > 0 ? fail({ code: "fields", fields: faults }) : ok({ ...others, message: message ?? {} });
};
