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

const attachmentsOf = (body: MessageBody): NonNullable<MailComposerOptions["attachments"]> =>
  body.attachments.map(({ filename, content, contentType, cid }) => ({
    filename: filename ?? false,
    // As bytes: a string would be taken for text, and only bytes cannot be read as a path or a data URL.
    content: Buffer.from(content, "base64"),
    ...(contentType === null ? {} : { contentType }),
    ...(cid === null ? {} : { cid }),
  }));

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
    subject: body.subject,
    ...(body.inReplyTo === null ? {} : { inReplyTo: body.inReplyTo }),
    ...(body.references.length === 0 ? {} : { references: [...body.references] }),
    ...(body.text === null ? {} : { text: textPart(body.text) }),
    ...(body.html === null ? {} : { html: textPart(body.html) }),
    attachments: attachmentsOf(body),
    headers: [...Object.entries(body.headers).map(([key, value]) => ({ key, value })), ...unsubscribeHeaders(body)],
  });
  return composer.compile().build();
};
