import { createHash } from "node:crypto";
import MimeNode from "nodemailer/lib/mime-node";
import { decodeWords, encodeWords } from "../../domain/messages/accept/encoded-words.ts";
import { encodeHeader, encodeHeaderText, encodeMailbox } from "../../domain/messages/accept/header-value.ts";
import type { Mailbox, MessageBody } from "../../domain/messages/message.ts";
import { isOneLine } from "../../domain/messages/one-line.ts";
import type { ComposeMime } from "../../domain/messages/ports.ts";
import { type Part, partTree } from "./part-tree.ts";

/**
 * The same for every try of one message, so that a retry sends the same bytes, and as hard to guess as the Message-ID.
 */
const boundaryOf = (messageId: string): string => createHash("sha256").update(messageId).digest("hex").slice(0, 24);

const ADDRESS_FIELDS = ["From", "To", "Cc", "Reply-To"];

/** Writes addresses as `encodeMailbox` has made them, because nodemailer quotes text that some readers decode. */
class MailRoot extends MimeNode {
  override encodeHeaderValue(...[key, value]: Parameters<MimeNode["encodeHeaderValue"]>): string {
    return ADDRESS_FIELDS.includes(key) && typeof value === "string" ? value : super.encodeHeaderValue(key, value);
  }
}

/** The value is ASCII already; nodemailer must only fold it. */
const toFolded = (value: string) => ({ prepared: true, foldLines: true, value });

/** The name as readers see it. One that an earlier release accepted may be undecodable: it must not look encoded. */
const nameOf = (name: string): string => {
  const decoded = decodeWords(name);
  return decoded !== null && isOneLine(decoded) ? decoded : name.replaceAll("=?", "= ?");
};

const mailboxes = (list: readonly Mailbox[]): string =>
  list.map(({ name, address }) => encodeMailbox({ name: nameOf(name), address })).join(", ");

/** An earlier release may have accepted a value that this one refuses: it is sent as free text. */
const headerOf = (name: string, value: string): string => {
  const written = encodeHeader(name, value);
  return "problem" in written ? encodeWords(value) : written.value;
};

/** RFC 2369, and RFC 8058 §3.1 for one click, which requires exactly this pair in List-Unsubscribe-Post. */
const addUnsubscribe = (root: MimeNode, { listUnsubscribe }: MessageBody): void => {
  if (listUnsubscribe === null) return;
  root.addHeader("List-Unsubscribe", { prepared: true, value: `<${new URL(listUnsubscribe.url).href}>` });
  if (listUnsubscribe.oneClick) root.addHeader("List-Unsubscribe-Post", toFolded("List-Unsubscribe=One-Click"));
};

/** There is no Bcc (RFC 5322 §3.6.3): only the envelope names those recipients. */
const addHeaders = (root: MimeNode, { body, messageId, date }: Parameters<ComposeMime>[0]): void => {
  for (const [name, value] of Object.entries(body.headers)) root.addHeader(name, toFolded(headerOf(name, value)));
  addUnsubscribe(root, body);
  root.setHeader("From", mailboxes([body.from]));
  root.setHeader("To", mailboxes(body.to));
  root.setHeader("Cc", mailboxes(body.cc));
  root.setHeader("Reply-To", mailboxes(body.replyTo));
  if (body.inReplyTo !== null) root.setHeader("In-Reply-To", toFolded(body.inReplyTo));
  if (body.references.length > 0) root.setHeader("References", [...body.references]);
  if (body.subject !== "") root.setHeader("Subject", toFolded(encodeHeaderText(body.subject)));
  root.setHeader("Message-ID", messageId);
  root.setHeader("Date", date);
};

const isEightBit = (part: Part): boolean =>
  "children" in part ? part.children.some(isEightBit) : part.encoding === "8bit";

/** A multipart is labelled 8bit if one of its parts is (RFC 2045 §6.4). */
const setPartHeaders = (node: MimeNode, part: Part): void => {
  if ("children" in part) {
    if (isEightBit(part)) node.setHeader("Content-Transfer-Encoding", "8bit");
    return;
  }
  if (part.cid) node.setHeader("Content-Id", toFolded(`<${part.cid}>`));
  node.setHeader("Content-Transfer-Encoding", part.encoding);
  if (part.disposition !== undefined) node.setHeader("Content-Disposition", part.disposition);
};

/** Folding can make a line of blanks from a long run of them, and some readers take that for the end of the header. */
const optionsOf = (part: Part): { filename?: string } =>
  "children" in part || part.filename === undefined
    ? {}
    : { filename: nameOf(part.filename).replaceAll(/ {10,}/g, " ") };

/** A node's headers and content as blocks, so that large contents are copied only once. */
const buildBlocks = (node: MimeNode, part: Part): readonly Buffer[] => {
  setPartHeaders(node, part);
  const blocks: Buffer[] = [Buffer.from(`${node.buildHeaders()}\r\n\r\n`)];
  if (!("children" in part)) return [...blocks, part.bytes];
  for (const [at, child] of part.children.entries()) {
    blocks.push(Buffer.from(`${at === 0 ? "" : "\r\n"}--${node.boundary}\r\n`));
    blocks.push(...buildBlocks(node.createChild(child.contentType, optionsOf(child)), child));
  }
  blocks.push(Buffer.from(`\r\n--${node.boundary}--\r\n`));
  return blocks;
};

const endsWithCrlf = (block: Buffer | undefined): boolean => block?.subarray(-2).toString("latin1") === "\r\n";

/**
 * Composes the MIME message. nodemailer's `MimeNode` writes part headers and boundaries. Contents are encoded in
 * `part-tree.ts`, because nodemailer does not choose the shorter encoding, passes a CR alone and holds a large content
 * in memory several times.
 */
export const composeMime: ComposeMime = async (mail) => {
  const part = await partTree(mail.body, { sevenBit: mail.sevenBit ?? false });
  const root = new MailRoot(part.contentType, { ...optionsOf(part), baseBoundary: boundaryOf(mail.messageId) });
  addHeaders(root, mail);
  const blocks = buildBlocks(root, part);
  return Buffer.concat(endsWithCrlf(blocks.at(-1)) ? blocks : [...blocks, Buffer.from("\r\n")]);
};
