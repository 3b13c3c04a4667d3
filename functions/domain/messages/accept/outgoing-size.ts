import { type Detail, detail } from "../../detail-texts.ts";
import type { MessageBody } from "../message.ts";
import { HEADERS_LIMIT, headerBytes, LONGEST_HEADER, longestHeaderBytes } from "./header-size.ts";

type Content = Omit<MessageBody, "from">;

/**
 * Computes how large a mail may become once encoded, so that Gmail refuses no accepted mail for its size. It is an
 * upper bound that needs no composing: every part is sent in base64 or shorter (`text-encoding.ts`), and Gmail limits
 * headers to less than the room that is left.
 */

/** SIZE in the EHLO of smtp.gmail.com; the API's upload takes 36,700,160. */
export const GMAIL_SIZE_LIMIT = 35_882_577;

/** Base64 (RFC 2045 §6.8): 76 characters a line. */
export const base64Length = (bytes: number): number => {
  const characters = Math.ceil(bytes / 3) * 4;
  return characters + 2 * Math.max(0, Math.ceil(characters / 76) - 1);
};

const SMALL_PART_BYTES = 10_000;

/**
 * Estimates a part's size once its line ends become CRLF: a small part may double, a large one may grow by 2 %.
 * Otherwise a text of nothing but line ends would count twice.
 */
export const withLineEnds = (bytes: number): number =>
  Math.max(Math.ceil(bytes * 1.02), 2 * Math.min(bytes, SMALL_PART_BYTES));

/** Computes an upper bound of a part's encoded size. */
export const partBytes = (bytes: number): number => base64Length(withLineEnds(bytes));

/** The two forms of a file name (RFC 2047, RFC 2231) together take up to ten characters for a byte. */
const BYTES_IN_NAME = 10;
/** A part's header fields except for names, its boundary and a blank line. */
const PART_OVERHEAD = 600;

const utf8 = (text: string | null | undefined): number => Buffer.byteLength(text ?? "");
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** The calendar is sent twice: as an alternative and as a file. */
const calendarBytes = ({ icalEvent }: Content): number =>
  2 * partBytes(utf8(icalEvent?.content)) + BYTES_IN_NAME * utf8(icalEvent?.filename) + 2 * PART_OVERHEAD;

const attachmentBytes = ({ content, filename, contentType, cid }: Content["attachments"][number]): number =>
  partBytes((content.length / 4) * 3) +
  BYTES_IN_NAME * (utf8(filename) + utf8(contentType) + utf8(cid)) +
  PART_OVERHEAD;

export const outgoingBytes = (content: Content): number =>
  headerBytes(content) +
  partBytes(utf8(content.text)) +
  partBytes(utf8(content.html)) +
  2 * PART_OVERHEAD +
  calendarBytes(content) +
  sum(content.attachments.map(attachmentBytes));

/** Explains why Gmail would refuse this content for its size; undefined if it would not. */
export const explainOversize = (content: Content): Detail | undefined => {
  const headers = headerBytes(content);
  const longest = longestHeaderBytes(content);
  const bytes = outgoingBytes(content);
  if (longest > LONGEST_HEADER) return detail("reply_to_too_large", { bytes: longest, most: LONGEST_HEADER });
  if (headers > HEADERS_LIMIT) return detail("headers_too_large", { bytes: headers, most: HEADERS_LIMIT });
  return bytes > GMAIL_SIZE_LIMIT ? detail("mail_too_large", { bytes, most: GMAIL_SIZE_LIMIT }) : undefined;
};
