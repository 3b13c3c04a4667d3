import { partBytes } from "../../domain/messages/accept/outgoing-size.ts";
import { crlfLength, withCrlf } from "./line-ends.ts";

const [NUL, LF, CR, LAST_ASCII] = [0x00, 0x0a, 0x0d, 0x7f];
/** Octets of a line without its CRLF (RFC 5322 §2.1.1). */
const LONGEST_LINE = 998;

/** Whether there are octets beyond ASCII; null for what is no lines at all. */
const readLines = (bytes: Buffer): { readonly eightBit: boolean } | null => {
  let eightBit = false;
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? NUL;
    if (byte === LF || (byte === CR && bytes[at + 1] === LF)) {
      length = 0;
      if (byte === CR) at += 1;
    } else {
      length += 1;
      if (byte === NUL || byte === CR || length > LONGEST_LINE) return null;
      if (byte > LAST_ASCII) eightBit = true;
    }
  }
  return { eightBit };
};

export interface AttachedMail {
  readonly encoding: "7bit" | "8bit";
  readonly bytes: Buffer;
}

/** RFC 2046 §5.2.2 and §5.2.3 allow these 7bit alone. */
const SEVEN_BIT_TYPES = /^message\/(?:partial|external-body)\b/i;

/**
 * A mail in the mail goes as lines of 7 or 8 bits, never in base64 (RFC 2046 §5.2.1): many readers show an empty file otherwise. Null where it cannot go so
 * and must be a file of bytes: it holds NUL, a CR alone or a line above 998 octets, has octets beyond ASCII where `sevenBit` is wanted, or consists of line
 * ends for the most part.
 */
export const attachedMail = (
  bytes: Buffer,
  { mediaType, sevenBit }: { readonly mediaType: string; readonly sevenBit: boolean },
): AttachedMail | null => {
  const lines = readLines(bytes);
  if (lines === null || crlfLength(bytes) > partBytes(bytes.length)) return null;
  if (lines.eightBit && (sevenBit || SEVEN_BIT_TYPES.test(mediaType))) return null;
  return { encoding: lines.eightBit ? "8bit" : "7bit", bytes: withCrlf(bytes) };
};
