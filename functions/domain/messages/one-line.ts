import * as z from "zod";
import { says } from "../field-problems.ts";
import { decodeWords } from "./accept/encoded-words.ts";

/** Matches control characters, lone surrogates and line separators, which could add a line to a header. */
const BREAKS_A_LINE = /[\p{Cc}\p{Cs}\u2028\u2029]/u;
export const isOneLine = (text: string): boolean => !BREAKS_A_LINE.test(text);

/** A line has at most 998 characters (RFC 5322 §2.1.1); what cannot be folded must fit. */
export const LONGEST_LINE = 998;

/** Encoded words may take four times as many characters as their text. */
const LONGEST_ENCODED = 4;

/**
 * Reads a line of text that may hold encoded words (RFC 2047): the result is the text that people see. `problem` is a
 * message for a schema.
 */
export const readLine = (text: string, most: number): { readonly text: string } | { readonly problem: string } => {
  const tooLong = { problem: says("too_long", { most }) };
  if (text.length > LONGEST_ENCODED * most) return tooLong;
  if (!isOneLine(text)) return { problem: says("not_one_line") };
  const decoded = decodeWords(text);
  if (decoded === null) return { problem: says("undecodable_word") };
  if (!isOneLine(decoded)) return { problem: says("not_one_line") };
  return decoded.length > most ? tooLong : { text: decoded };
};

/** Tells whether the text has no line breaks, neither as it stands nor as a lenient reader decodes it. */
export const staysOneLine = (text: string): boolean => {
  const decoded = isOneLine(text) ? decodeWords(text) : null;
  return decoded !== null && isOneLine(decoded);
};

/** `readLine` as a schema. */
export const decodedLine = (most: number) =>
  z.string().transform((text, ctx): string => {
    const line = readLine(text, most);
    if ("text" in line) return line.text;
    ctx.issues.push({ code: "custom", input: text, message: line.problem });
    return z.NEVER;
  });
