import type { CalendarEvent, MessageBody } from "../../domain/messages/message.ts";
import { attachedMail } from "./attached-mail.ts";
import { fileNameOf, mediaTypeOf, OCTET_STREAM } from "./attachment-type.ts";
import { base64Lines, encodeText } from "./text-encoding.ts";

/** A part of the message (RFC 2046): a leaf with its encoded content, or a multipart. */
export type Part =
  | {
      readonly contentType: string;
      readonly encoding: "7bit" | "8bit" | "quoted-printable" | "base64";
      readonly bytes: Buffer;
      readonly filename?: string;
      readonly disposition?: "attachment" | "inline";
      readonly cid?: string | null;
    }
  | { readonly contentType: `multipart/${string}`; readonly children: readonly Part[] };

const textPart = async (contentType: string, text: string): Promise<Part> => ({
  contentType,
  ...(await encodeText(text)),
});

const attachmentPart = (attachment: MessageBody["attachments"][number], at: number, sevenBit: boolean): Part => {
  const { content, filename, cid } = attachment;
  const mediaType = mediaTypeOf(attachment);
  const naming = { filename: fileNameOf(filename, mediaType, at), cid };
  if (/^message\//i.test(mediaType)) {
    const mail = attachedMail(Buffer.from(content, "base64"), { mediaType, sevenBit });
    const contentType = mail === null ? OCTET_STREAM : mediaType;
    const sent = mail ?? { encoding: "base64" as const, bytes: base64Lines(content) };
    return { contentType, ...sent, ...naming, disposition: "attachment" };
  }
  const disposition = cid !== null && /^image\//i.test(mediaType) ? "inline" : "attachment";
  return { contentType: mediaType, encoding: "base64", bytes: base64Lines(content), ...naming, disposition };
};

const calendarAlternative = ({ method, content }: CalendarEvent): Promise<Part> =>
  textPart(`text/calendar; charset=utf-8; method=${method}`, content);

/** The calendar is attached too, as nodemailer does, for readers that look for a file. */
const calendarFile = ({ content, filename }: CalendarEvent): Part => ({
  contentType: "application/ics",
  encoding: "base64",
  bytes: base64Lines(Buffer.from(content).toString("base64")),
  filename,
  disposition: "attachment",
});

/** Several parts make a multipart; a single part stays itself. */
const wrapIn = (contentType: `multipart/${string}`, children: readonly Part[]): Part => {
  const [only] = children;
  return only !== undefined && children.length === 1 ? only : { contentType, children };
};

/**
 * Arranges the parts as nodemailer does: mixed holds the alternatives and the files, related holds the HTML and its
 * images. The calendar is the last alternative, because readers prefer the last one that they understand.
 */
export const partTree = async (body: MessageBody, { sevenBit }: { readonly sevenBit: boolean }): Promise<Part> => {
  const calendar = body.icalEvent ?? null;
  const attachments = body.attachments.map((attachment, at) => ({
    related: body.html !== null && attachment.cid !== null,
    part: attachmentPart(attachment, at, sevenBit),
  }));
  const related = attachments.filter((one) => one.related).map(({ part }) => part);
  const files = attachments.filter((one) => !one.related).map(({ part }) => part);
  const html = body.html === null ? [] : [await textPart("text/html; charset=utf-8", body.html), ...related];
  const alternatives = [
    ...(body.text === null ? [] : [await textPart("text/plain; charset=utf-8", body.text)]),
    ...(html.length === 0 ? [] : [wrapIn('multipart/related; type="text/html"', html)]),
    ...(calendar === null ? [] : [await calendarAlternative(calendar)]),
  ];
  const content = wrapIn("multipart/alternative", alternatives);
  return wrapIn("multipart/mixed", [content, ...files, ...(calendar === null ? [] : [calendarFile(calendar)])]);
};
