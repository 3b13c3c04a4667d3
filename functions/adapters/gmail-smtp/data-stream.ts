const LF = 0x0a;
const CR = 0x0d;
const DOT = 0x2e;
const BLOCK_BYTES = 64 * 1024;

/** The end of mail data (RFC 5321 §4.1.1.4), for a message that ends in CRLF. */
export const END_OF_DATA = ".\r\n";

export interface Survey {
  /** Whether any octet is above 127. */
  readonly eightBit: boolean;
  /** Whether every CR and LF belongs to a CRLF and the message ends in one, so that it may go out octet by octet. */
  readonly clean: boolean;
}

/** Reads the message once for what its way depends on. */
export const surveyOf = (raw: Buffer): Survey => {
  let eightBit = false;
  let clean = raw.length >= 2 && raw[raw.length - 1] === LF;
  let before = 0;
  // By index: an iterator takes several times as long.
  for (let at = 0; at < raw.length; at += 1) {
    const byte = raw[at] ?? 0;
    if (byte > 0x7f) eightBit = true;
    if ((byte === LF) !== (before === CR)) clean = false;
    before = byte;
  }
  return { eightBit, clean };
};

/** Yields the message as it is, in blocks. Nothing is copied. */
export function* octetBlocks(raw: Buffer): Generator<Buffer> {
  for (let start = 0; start < raw.length; start += BLOCK_BYTES) yield raw.subarray(start, start + BLOCK_BYTES);
}

/**
 * Yields the message as it follows DATA: every line ends in CRLF, and a dot at a line's start is doubled (RFC 5321
 * §4.5.2). Bare CR and LF become CRLF: some servers take either for a line end, and a crafted body could then fake the
 * end of the message ("SMTP smuggling").
 */
export function* dataBlocks(raw: Buffer): Generator<Buffer> {
  let atLineStart = true;
  for (let start = 0; start < raw.length; start += BLOCK_BYTES) {
    const end = Math.min(start + BLOCK_BYTES, raw.length);
    // At worst every byte doubles: a lone CR or LF, or a dot after one.
    const block = Buffer.allocUnsafe((end - start) * 2);
    let size = 0;
    for (let at = start; at < end; at += 1) {
      const byte = raw[at];
      if (byte === undefined) break;
      if (byte === CR || byte === LF) {
        // The LF of a CRLF, which may be in the next block, writes both bytes.
        if (byte === CR && raw[at + 1] === LF) continue;
        block[size] = CR;
        block[size + 1] = LF;
        size += 2;
        atLineStart = true;
        continue;
      }
      if (atLineStart && byte === DOT) {
        block[size] = DOT;
        size += 1;
      }
      block[size] = byte;
      size += 1;
      atLineStart = false;
    }
    yield block.subarray(0, size);
  }
  if (!atLineStart) yield Buffer.from("\r\n");
}
