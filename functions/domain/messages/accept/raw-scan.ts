import { detail } from "../../detail-texts.ts";
import { fieldProblem } from "../../field-problems.ts";
import { invalidRequest, type Problem } from "../../problem.ts";
import { fail, ok, type Result } from "../../result.ts";
import { LONGEST_LINE } from "../one-line.ts";
import { HEADERS_LIMIT } from "./header-size.ts";

/**
 * Reads a composed mail (RFC 5322) as bytes: the fields of its header, and whether its lines can go out. Nothing of the
 * body is looked at but its line ends, and nothing is decoded.
 */

const [NUL, TAB, LF, CR, SPACE, COLON, LAST_VISIBLE] = [0x00, 0x09, 0x0a, 0x0d, 0x20, 0x3a, 0x7e];

/** A field of the header as a range of bytes that holds all of its lines with their ends. */
export interface RawField {
  /** In lower case. */
  readonly name: string;
  readonly start: number;
  /** Where its value begins, after the colon. */
  readonly valueStart: number;
  readonly end: number;
}

export interface ScannedMail {
  readonly fields: readonly RawField[];
  /** Where the header ends: at the empty line, or at the end of a mail without one. */
  readonly headerEnd: number;
  /** The line ends that are a LF alone. */
  readonly bareLineFeeds: number;
}

/** A line without its line end: `start` up to `end`. `next` is where the next line begins. */
interface Line {
  readonly start: number;
  readonly end: number;
  readonly next: number;
}

const isBlank = (byte: number | undefined): boolean => byte === SPACE || byte === TAB;

/** Where a field's name ends and its value begins; null if the line does not begin a field. */
const splitField = (bytes: Buffer, line: Line): { readonly nameEnd: number; readonly valueStart: number } | null => {
  let at = line.start;
  // RFC 5322 §3.6.8: visible ASCII but the colon.
  for (let byte = bytes[at] ?? NUL; byte > SPACE && byte <= LAST_VISIBLE && byte !== COLON; byte = bytes[at] ?? NUL)
    at += 1;
  const nameEnd = at;
  // Old programs put blanks before the colon (§4.5).
  while (at < line.end && isBlank(bytes[at])) at += 1;
  return nameEnd > line.start && at < line.end && bytes[at] === COLON ? { nameEnd, valueStart: at + 1 } : null;
};

/** Collects the fields line by line. `add` returns false if the line is neither a field nor the continuation of one. */
const headerFields = (bytes: Buffer) => {
  const fields: RawField[] = [];
  return {
    fields,
    add: (line: Line): boolean => {
      const last = fields.at(-1);
      if (last !== undefined && isBlank(bytes[line.start])) {
        fields[fields.length - 1] = { ...last, end: line.next };
        return true;
      }
      const split = splitField(bytes, line);
      if (split === null) return false;
      const name = bytes.toString("latin1", line.start, split.nameEnd).toLowerCase();
      fields.push({ name, start: line.start, valueStart: split.valueStart, end: line.next });
      return true;
    },
  };
};

const atRaw = (code: "raw_nul" | "raw_bare_cr" | "raw_not_a_field", line: number): Problem =>
  invalidRequest(fieldProblem("/raw", code, { line }));

/** Reads the line that starts here. It looks at each byte once, so its time does not depend on how lines are cut. */
const lineAt = (bytes: Buffer, start: number, number: number): Result<Line> => {
  let end = start;
  for (; end < bytes.length; end += 1) {
    const byte = bytes[end] ?? NUL;
    if (byte > CR) continue;
    if (byte === NUL) return fail(atRaw("raw_nul", number));
    if (byte === LF || (byte === CR && bytes[end + 1] === LF)) break;
    if (byte === CR) return fail(atRaw("raw_bare_cr", number));
  }
  if (end - start > LONGEST_LINE) {
    return fail(invalidRequest(fieldProblem("/raw", "raw_long_line", { line: number, most: LONGEST_LINE })));
  }
  return ok({ start, end, next: Math.min(bytes.length, bytes[end] === CR ? end + 2 : end + 1) });
};

const NO_HEADER = invalidRequest(fieldProblem("/raw", "raw_no_header"));

/** Gmail refuses a larger header, and a list of fields must not fill the memory. */
const headerProblem = (bytes: number): Problem | undefined =>
  bytes > HEADERS_LIMIT
    ? { code: "message_too_large", detail: detail("raw_header_too_large", { most: HEADERS_LIMIT }) }
    : undefined;

/**
 * Scans a mail. Refuses it with `invalid_request` at `/raw` if it has no header, a line in its header that is no field,
 * a NUL, a CR alone or a line above 998 octets, and with `message_too_large` if Gmail would refuse its header.
 */
export const scanMail = (bytes: Buffer): Result<ScannedMail> => {
  const header = headerFields(bytes);
  let headerEnd: number | null = null;
  let bareLineFeeds = 0;
  for (let start = 0, number = 1; start < bytes.length; number += 1) {
    const read = lineAt(bytes, start, number);
    if (!read.ok) return read;
    const { end, next } = read.value;
    if (next - end === 1 && bytes[end] === LF) bareLineFeeds += 1;
    if (headerEnd === null) {
      if (end === start) headerEnd = start;
      else if (!header.add(read.value)) return fail(number === 1 ? NO_HEADER : atRaw("raw_not_a_field", number));
      const tooLarge = headerProblem(headerEnd ?? next);
      if (tooLarge !== undefined) return fail(tooLarge);
    }
    start = next;
  }
  if (header.fields.length === 0) return fail(NO_HEADER);
  return ok({ fields: header.fields, headerEnd: headerEnd ?? bytes.length, bareLineFeeds });
};

/** Headers are in ASCII or UTF-8 (RFC 6532). Older programs use other charsets, of which every byte is kept. */
export const headerText = (bytes: Buffer): string => {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bytes.toString("latin1");
  }
};

/** A field's value on one line, without the blanks at its ends. */
export const fieldValue = (bytes: Buffer, { valueStart, end }: RawField): string =>
  headerText(bytes.subarray(valueStart, end)).replaceAll(/\r?\n/g, "").trim();

export const fieldsNamed = ({ fields }: ScannedMail, name: string): readonly RawField[] =>
  fields.filter((field) => field.name === name);
