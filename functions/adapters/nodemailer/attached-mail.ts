import { partBytes } from "../../domain/messages/accept/outgoing-size.ts";
import { crlfLength, withCrlf } from "./line-ends.ts";

const [NUL, LF, CR, LAST_ASCII] = [0x00, 0x0a, 0x0d, 0x7f];
/** Octets of a line without its CRLF (RFC 5322 §2.1.1). */
const LONGEST_LINE = 998;

/** Tells whether there are octets beyond ASCII; null if the bytes are not lines of text. */
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

/** RFC 2046 §5.2.2 and §5.2.3 allow only 7bit for these. */
const SEVEN_BIT_TYPES = /^message\/(?:partial|external-body)\b/i;

/**
 * An attached mail is sent as 7bit or 8bit lines, never in base64 (RFC 2046 §5.2.1), because many readers would show an
 * empty file. The result is null if it must be sent as a file of bytes: it holds NUL, a CR alone or a line above 998
 * octets, it has octets beyond ASCII and `sevenBit` is wanted, or so many of its bytes are line ends that CRLF would
 * make it larger than base64.
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
