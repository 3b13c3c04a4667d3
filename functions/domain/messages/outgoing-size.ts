import type { MessageBody } from "./message.ts";

/**
 * How large a mail may become once it is encoded, so that nothing is accepted that Gmail then refuses for its size. It is an upper bound, taken without
 * composing: every part goes out in base64 or shorter (`part-content.ts`), and headers are small beside what is left of Gmail's limit.
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
 * What a part may grow to when its line ends are made CRLF: a small one to any size, a large one by 2 %. Without this limit a text of line ends alone
 * would take twice its bytes.
 */
export const withLineEnds = (bytes: number): number =>
  Math.max(Math.ceil(bytes * 1.02), 2 * Math.min(bytes, SMALL_PART_BYTES));

/** The most that a part takes. */
export const partBytes = (bytes: number): number => base64Length(withLineEnds(bytes));

/** Encoded words and folds take up to five characters for a byte, the two forms of a file name together up to ten (RFC 2047, RFC 2231). */
const BYTES_IN_HEADER = 5;
const BYTES_IN_NAME = 10;
/** Its header fields but for names, its boundary, a blank line. */
const PART_OVERHEAD = 600;

const utf8 = (text: string | null | undefined): number => Buffer.byteLength(text ?? "");
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const headerBytes = (content: Omit<MessageBody, "from">): number => {
  // A hidden recipient stands in a header on the way to the Gmail API.
  const mailboxes = [...content.to, ...content.cc, ...content.bcc, ...content.replyTo];
  const texts = [content.subject, content.inReplyTo, content.listUnsubscribe?.url];
  return (
    2_000 +
    BYTES_IN_HEADER *
      (sum(mailboxes.map(({ name, address }) => utf8(name) + utf8(address) + 6)) +
        sum(texts.map(utf8)) +
        sum(content.references.map((id) => utf8(id) + 3)) +
        sum(Object.entries(content.headers).map(([name, value]) => utf8(name) + utf8(value) + 4)))
  );
};

/** The calendar goes out twice: as an alternative and as a file. */
const calendarBytes = ({ icalEvent }: Omit<MessageBody, "from">): number =>
  2 * partBytes(utf8(icalEvent?.content)) + BYTES_IN_NAME * utf8(icalEvent?.filename) + 2 * PART_OVERHEAD;

export const outgoingBytes = (content: Omit<MessageBody, "from">): number =>
  headerBytes(content) +
  partBytes(utf8(content.text)) +
  partBytes(utf8(content.html)) +
  2 * PART_OVERHEAD +
  calendarBytes(content) +
  sum(
    content.attachments.map(
      ({ content: bytes, filename, contentType, cid }) =>
        partBytes((bytes.length / 4) * 3) +
        BYTES_IN_NAME * (utf8(filename) + utf8(contentType) + utf8(cid)) +
        PART_OVERHEAD,
    ),
  );
