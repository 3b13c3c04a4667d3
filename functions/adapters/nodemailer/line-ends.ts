/** Line ends are changed in bytes, because replacing them in a string of 24 MB can take a gigabyte of memory. */

const [LF, CR] = [0x0a, 0x0d];

/** How many bytes the text takes if each line ends in `end`. A CR alone counts as a line end too. */
const lengthWithEnd = (end: Buffer, bytes: Buffer): number => {
  let length = bytes.length;
  for (let at = 0; at < bytes.length; at += 1) {
    const pair = bytes[at] === CR && bytes[at + 1] === LF;
    if (bytes[at] !== CR && bytes[at] !== LF) continue;
    length += end.length - (pair ? 2 : 1);
    if (pair) at += 1;
  }
  return length;
};

const replaceLineEnds = (end: Buffer, bytes: Buffer): Buffer => {
  const length = lengthWithEnd(end, bytes);
  const lines = Buffer.allocUnsafe(length);
  let size = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === CR || byte === LF) {
      // By hand: `copy` takes several times as long for a byte or two.
      if (end.length > 1) lines[size++] = CR;
      lines[size++] = LF;
      if (byte === CR && bytes[at + 1] === LF) at += 1;
    } else {
      lines[size] = byte;
      size += 1;
    }
  }
  return lines;
};

const CRLF = Buffer.from("\r\n");
const LF_END = Buffer.from("\n");

export const crlfLength = (bytes: Buffer): number => lengthWithEnd(CRLF, bytes);
export const withCrlf = (bytes: Buffer): Buffer => replaceLineEnds(CRLF, bytes);
export const withLf = (bytes: Buffer): Buffer => replaceLineEnds(LF_END, bytes);
