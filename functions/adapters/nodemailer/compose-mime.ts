import { createHash } from "node:crypto";
import MailComposer, { type MailComposerOptions } from "nodemailer/lib/mail-composer";
import type { Mailbox, MessageBody } from "../../domain/messages/message.ts";
import type { ComposeMime } from "../../domain/messages/ports.ts";

const mailboxes = (list: readonly Mailbox[]): { name: string; address: string }[] =>
  list.map(({ name, address }) => ({ name, address }));

/** The same for every try of one message, so that a retry sends the very same bytes; as unguessable as the Message-ID is. */
const boundaryOf = (messageId: string): string => createHash("sha256").update(messageId).digest("hex").slice(0, 24);

/**
 * RFC 2369 and, for one click, RFC 8058 §3.1, which wants List-Unsubscribe-Post to hold exactly this pair. `prepared`: a URL must not become an
 * encoded word; one that is not ASCII was refused or percent-encoded when the message was accepted.
 */
const unsubscribeHeaders = (body: MessageBody): { key: string; value: { prepared: true; value: string } }[] => {
  if (body.listUnsubscribe === null) return [];
  const { url, oneClick } = body.listUnsubscribe;
  const link = { key: "List-Unsubscribe", value: { prepared: true as const, value: `<${new URL(url).href}>` } };
  const click = "List-Unsubscribe=One-Click";
  return oneClick ? [link, { key: "List-Unsubscribe-Post", value: { prepared: true, value: click } }] : [link];
};

/** A word as long as a line may be: the blank that a fold puts before it makes the line too long. */
const UNFOLDABLE = /[!-~]{998}/;

/**
 * ASCII that looks like an encoded word (RFC 2047) and is meant as it stands: passed on as it is, it would be read as another text, a line break among it,
 * which nobody has looked at. (What is not ASCII is encoded in any case.)
 */
const LOOKS_ENCODED = /=\?[^?\s]+\?[bq]\?/i;
const IS_ASCII = /^[ -~]*$/;

const mustBeEncoded = (text: string): boolean =>
  UNFOLDABLE.test(text) || (LOOKS_ENCODED.test(text) && IS_ASCII.test(text));

/** RFC 2047 §2: each at most 75 characters long. */
const encodedWords = (text: string): string =>
  (text.match(/.{1,40}/gu) ?? []).map((part) => `=?UTF-8?B?${Buffer.from(part).toString("base64")}?=`).join(" ");

const headerOf = (key: string, value: string) =>
  mustBeEncoded(value)
    ? { key, value: { prepared: true as const, foldLines: true, value: encodedWords(value) } }
    : { key, value };

const [LF, CR] = [0x0a, 0x0d];
/** RFC 5322 §2.1.1. */
const LONGEST_LINE = 998;

/** Lines of ASCII, ended by CRLF and not too long: what any wire carries unchanged. */
const isPlainLines = (bytes: Buffer): boolean => {
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    const endsLine = byte === CR && bytes[at + 1] === LF;
    if (!endsLine && (byte === 0 || byte === CR || byte === LF || byte > 0x7f)) return false;
    length = endsLine ? 0 : length + 1;
    if (length > LONGEST_LINE) return false;
    if (endsLine) at += 1;
  }
  return true;
};

/**
 * A mail in the mail is not to be encoded (RFC 2046 §5.2.1), and nodemailer does not. But 8-bit octets, bare line ends and long lines would reach the other
 * end changed, or be refused on the way: those go in base64, because every byte counts more.
 */
const asAttachedMail = (contentType: string | null, bytes: Buffer): Partial<Attachment> => {
  if (contentType?.toLowerCase().startsWith("message/") !== true) return {};
  return { contentDisposition: "attachment", ...(isPlainLines(bytes) ? {} : { contentTransferEncoding: "base64" }) };
};

type Attachment = NonNullable<MailComposerOptions["attachments"]>[number];

const attachmentsOf = (body: MessageBody): Attachment[] =>
  body.attachments.map(({ filename, content, contentType, cid }) => {
    // As bytes: a string would be taken for text, and only bytes cannot be read as a path or a data URL.
    const bytes = Buffer.from(content, "base64");
    return {
      filename: filename ?? false,
      content: bytes,
      ...(contentType === null ? {} : { contentType }),
      ...(cid === null ? {} : { cid }),
      ...asAttachedMail(contentType, bytes),
    };
  });

const textPart = (content: string): { content: Buffer } => ({ content: Buffer.from(content, "utf8") });

/**
 * The MIME message by nodemailer's composer. Bcc is not in it at all (RFC 5322 §3.6.3): the envelope alone knows those recipients.
 * File and URL access are off, though nothing here could name a file.
 */
export const composeMime: ComposeMime = ({ body, messageId, date }) => {
  const composer = new MailComposer({
    disableFileAccess: true,
    disableUrlAccess: true,
    newline: "\r\n",
    baseBoundary: boundaryOf(messageId),
    messageId,
    date,
    from: mailboxes([body.from])[0],
    to: mailboxes(body.to),
    cc: mailboxes(body.cc),
    replyTo: mailboxes(body.replyTo),
    ...(mustBeEncoded(body.subject) ? {} : { subject: body.subject }),
    ...(body.inReplyTo === null ? {} : { inReplyTo: body.inReplyTo }),
    ...(body.references.length === 0 ? {} : { references: [...body.references] }),
    ...(body.text === null ? {} : { text: textPart(body.text) }),
    ...(body.html === null ? {} : { html: textPart(body.html) }),
    attachments: attachmentsOf(body),
    headers: [
      ...(mustBeEncoded(body.subject) ? [headerOf("Subject", body.subject)] : []),
      ...Object.entries(body.headers).map(([key, value]) => headerOf(key, value)),
      ...unsubscribeHeaders(body),
    ],
  });
  return composer.compile().build();
};
