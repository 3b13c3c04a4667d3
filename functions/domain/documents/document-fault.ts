import { detailText } from "../detail-texts.ts";
import { fromRefusalText } from "../from-refusal-text.ts";
import type { FieldProblem, Problem } from "../problem.ts";
import { problemText } from "../problem-texts.ts";
import { fillIn, type TextParams } from "../text-template.ts";
import type { TemplateFault } from "./templates/template-values.ts";

/** Why a document cannot become a message as it stands. */
export type DocumentFault =
  | { readonly code: "fields"; readonly fields: readonly FieldProblem[] }
  | { readonly code: "no_recipients" }
  | { readonly code: "users_not_configured" }
  | { readonly code: "templates_not_configured" }
  | { readonly code: "template_missing"; readonly name: string }
  | { readonly code: "send_grid" }
  | { readonly code: "message_id" }
  /** What accepting the message says. */
  | { readonly code: "refused"; readonly problem: Problem }
  | (TemplateFault & { readonly template: string });

type Texts = Readonly<Record<Exclude<DocumentFault["code"], "fields" | "refused">, string>>;

/** In English: programs and developers read it in `delivery.error`, as they read what the extension writes there. */
const TEXTS: Texts = {
  no_recipients:
    "No recipients: to, cc and bcc, and the users in toUids, ccUids and bccUids, give no address. At least 1 recipient is needed.",
  users_not_configured:
    "toUids, ccUids and bccUids need a users collection: set USERS_COLLECTION, or give addresses in to, cc and bcc.",
  templates_not_configured:
    "template needs a templates collection: set TEMPLATES_COLLECTION, or give the content in message.",
  template_missing: "The template {name} does not exist. A partial cannot be used as one.",
  send_grid: "sendGrid: Relais sends by Gmail and has no SendGrid templates. Give the content in message or template.",
  message_id: "message.messageId must be one ID such as <order-7@example.com>.",
  template_syntax: "The template {template} cannot be read: {name}.",
  template_helper_missing:
    "The template {template} uses the helper {name}, which does not exist. There are if, unless, each, with, lookup and log.",
  template_helper_arguments: "The template {template} uses the helper {name} with arguments that it does not take.",
  template_value_missing: "The template {template} needs {name}, which template.data does not give.",
  template_partial_missing:
    "The template {template} uses the partial {name}, which does not exist. A partial is a template with partial: true.",
  template_reaches_prototype:
    "The template {template} asks for {name}, which leads out of the data. A template sees what template.data holds, and no more.",
  template_unsupported: "The template {template} uses {name}, which Relais does not support.",
  template_too_deep:
    "The template {template} goes too deep: at most 100 blocks and partials may stand within each other.",
  template_too_long:
    "The template {template} makes too much of its data: it takes too many steps, or its text is too long.",
};

/** A pointer of the API's message as the place in the document: `/attachments/0/path` is in `message`. */
const IN_MESSAGE = /^\/(?=(?:subject|text|html|attachments|inReplyTo|references)(?:\/|$))/;

const placeIn = (pointer: string): string =>
  pointer.replace(IN_MESSAGE, "/message/").slice(1).replaceAll("/", ".").replaceAll("~1", "/").replaceAll("~0", "~");

const MOST_FIELDS = 5;

const fieldsText = (fields: readonly FieldProblem[]): string =>
  fields
    .slice(0, MOST_FIELDS)
    .map(({ path, message }) => `${placeIn(path)} ${message}`)
    .join("; ");

const refusalText = (problem: Problem): string => {
  if (problem.code === "invalid_request") return fieldsText(problem.fields);
  if (problem.code === "from_not_allowed") return `from: ${fromRefusalText(problem, "en")}`;
  const { title, advice } = problemText(problem.code, "en");
  const said = "detail" in problem && problem.detail !== undefined ? detailText(problem.detail, "en") : advice;
  return `${title}. ${said}`;
};

const LONGEST = 2_000;

const wholeText = (fault: DocumentFault): string => {
  if (fault.code === "fields") return fieldsText(fault.fields);
  if (fault.code === "refused") return refusalText(fault.problem);
  const { code, ...params }: { readonly code: keyof Texts } & TextParams = fault;
  return fillIn(TEXTS[code], params);
};

/** What `delivery.error` says. It names the place, and never repeats a body. */
export const faultText = (fault: DocumentFault): string => wholeText(fault).slice(0, LONGEST);
