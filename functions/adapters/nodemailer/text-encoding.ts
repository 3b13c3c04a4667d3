import { Encoder } from "nodemailer/lib/qp";
import { base64Length, withLineEnds } from "../../domain/messages/accept/outgoing-size.ts";
import { crlfLength, withCrlf, withLf } from "./line-ends.ts";

const BASE64_LINE_CHARACTERS = 76;

/** Cuts base64 into lines (RFC 2045 §6.8). Decoding and encoding it again would take three times the memory. */
export const base64Lines = (base64: string): Buffer => {
  const lines = Buffer.allocUnsafe(
    base64.length + 2 * Math.max(0, Math.ceil(base64.length / BASE64_LINE_CHARACTERS) - 1),
  );
  let size = 0;
  for (let at = 0; at < base64.length; at += BASE64_LINE_CHARACTERS) {
    if (at > 0) size += lines.write("\r\n", size, "latin1");
    size += lines.write(base64.slice(at, at + BASE64_LINE_CHARACTERS), size, "latin1");
  }
  return lines;
};

const TAB = 0x09;
const isLineEnd = (byte: number): boolean => byte === 0x0d || byte === 0x0a;
/** Blanks are plain too, except at the end of a line. */
const isPlain = (byte: number): boolean =>
  (byte >= 0x20 && byte <= 0x7e && byte !== 0x3d) || byte === TAB || isLineEnd(byte);

/** A lower bound of what quoted-printable takes: it leaves out soft line breaks. */
const minQuotedPrintableLength = (bytes: Buffer, lineEnds: number): number => {
  let length = lineEnds;
  // By index: an iterator takes several times as long.
  for (let at = 0; at < bytes.length; at += 1) length += isPlain(bytes[at] ?? 0) ? 1 : 3;
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
  const utf8 = Buffer.from(text);
  const length = crlfLength(utf8);
  const fits = length <= withLineEnds(utf8.length);
  const base64Bytes = base64Length(fits ? length : utf8.length);
  if (minQuotedPrintableLength(utf8, length - utf8.length) <= base64Bytes) {
    const bytes = await quotedPrintable(withCrlf(utf8));
    if (bytes.length <= base64Bytes) return { encoding: "quoted-printable", bytes };
  }
  const bytes = fits ? withCrlf(utf8) : withLf(utf8);
  return { encoding: "base64", bytes: base64Lines(bytes.toString("base64")) };
};
