import { Encoder } from "nodemailer/lib/qp";
import { base64Length, withLineEnds } from "../../domain/messages/accept/outgoing-size.ts";
import { crlfLength, withCrlf, withFeeds } from "./line-ends.ts";

const CHARACTERS_A_LINE = 76;

/** Cuts base64 into lines (RFC 2045 §6.8). Decoding and encoding it again would take three times the memory. */
export const base64Lines = (base64: string): Buffer => {
  const lines = Buffer.allocUnsafe(base64.length + 2 * Math.max(0, Math.ceil(base64.length / CHARACTERS_A_LINE) - 1));
  let size = 0;
  for (let at = 0; at < base64.length; at += CHARACTERS_A_LINE) {
    if (at > 0) size += lines.write("\r\n", size, "latin1");
    size += lines.write(base64.slice(at, at + CHARACTERS_A_LINE), size, "latin1");
  }
  return lines;
};

const TAB = 0x09;
const isLineEnd = (byte: number): boolean => byte === 0x0d || byte === 0x0a;
/** Blanks are plain too, except at the end of a line. */
const isPlain = (byte: number): boolean =>
  (byte >= 0x20 && byte <= 0x7e && byte !== 0x3d) || byte === TAB || isLineEnd(byte);

/** A lower bound of what quoted-printable takes: it leaves out soft line breaks. */
const leastQuoted = (bytes: Buffer, lineEnds: number): number => {
  let length = lineEnds;
  for (const byte of bytes) length += isPlain(byte) ? 1 : 3;
  return length;
};

const quotedPrintable = async (bytes: Buffer): Promise<Buffer> => {
  const encoder = new Encoder();
  encoder.end(bytes);
  const chunks: Buffer[] = [];
  for await (const chunk of encoder) chunks.push(chunk);
  return Buffer.concat(chunks);
};

export interface EncodedText {
  readonly encoding: "quoted-printable" | "base64";
  readonly bytes: Buffer;
}

/**
 * Encodes a text in the shorter of quoted-printable and base64. Every line end becomes CRLF, a CR or LF alone too.
 * Base64 keeps LF alone where CRLF would take more room than `withLineEnds` allows; readers accept both.
 */
export const encodeText = async (text: string): Promise<EncodedText> => {
  const given = Buffer.from(text);
  const length = crlfLength(given);
  const fits = length <= withLineEnds(given.length);
  const inBase64 = base64Length(fits ? length : given.length);
  if (leastQuoted(given, length - given.length) <= inBase64) {
    const bytes = await quotedPrintable(withCrlf(given));
    if (bytes.length <= inBase64) return { encoding: "quoted-printable", bytes };
  }
  const bytes = fits ? withCrlf(given) : withFeeds(given);
  return { encoding: "base64", bytes: base64Lines(bytes.toString("base64")) };
};
