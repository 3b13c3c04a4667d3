import type { RawField, ScannedMail } from "./raw-scan.ts";

/** The only changes that Relais makes within a composed mail. A mail that needs none stays the same buffer. */

const [LF, CR] = [0x0a, 0x0d];
const CRLF = Buffer.from("\r\n");

/** Fields that are not for the recipients (RFC 5322 §3.6.3, §3.6.7), and those that programs write for Relais. */
const TAKEN_OUT: readonly string[] = ["bcc", "resent-bcc", "return-path"];
const isTakenOut = ({ name }: RawField): boolean => TAKEN_OUT.includes(name) || name.startsWith("relais-");

interface Range {
  readonly start: number;
  readonly end: number;
}

/** What is left of the mail, as few ranges as possible. */
const keptRanges = (bytes: Buffer, { fields }: ScannedMail): readonly Range[] => {
  const ranges: Range[] = [];
  let start = 0;
  for (const field of fields.filter(isTakenOut)) {
    if (field.start > start) ranges.push({ start, end: field.start });
    start = field.end;
  }
  return [...ranges, { start, end: bytes.length }];
};

/** The positions in a range of each LF without a CR before it. */
function* bareLineFeeds(bytes: Buffer, { start, end }: Range): Generator<number> {
  for (let at = bytes.indexOf(LF, start); at !== -1 && at < end; at = bytes.indexOf(LF, at + 1)) {
    if (at === 0 || bytes[at - 1] !== CR) yield at;
  }
}

/** Copies a range and makes each LF alone a CRLF. Returns where the copy ends. */
const copyWithCrlf = (bytes: Buffer, range: Range, target: { readonly into: Buffer; readonly at: number }): number => {
  let { at } = target;
  let from = range.start;
  for (const lf of bareLineFeeds(bytes, range)) {
    at += bytes.copy(target.into, at, from, lf);
    at += CRLF.copy(target.into, at);
    from = lf + 1;
  }
  return at + bytes.copy(target.into, at, from, range.end);
};

/** The mail as it is stored and sent: without private fields, its lines in CRLF. */
export const cleanMail = (bytes: Buffer, scanned: ScannedMail): Buffer => {
  const ranges = keptRanges(bytes, scanned);
  const [only] = ranges;
  if (scanned.bareLineFeeds === 0) {
    if (only !== undefined && ranges.length === 1) return bytes.subarray(only.start, only.end);
    return Buffer.concat(ranges.map(({ start, end }) => bytes.subarray(start, end)));
  }
  const kept = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  // Removed fields may have had some of the bare line feeds, so this is an upper bound.
  const into = Buffer.allocUnsafe(kept + scanned.bareLineFeeds);
  const length = ranges.reduce((at, range) => copyWithCrlf(bytes, range, { into, at }), 0);
  return into.subarray(0, length);
};
