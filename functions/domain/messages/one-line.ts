import * as z from "zod";
import { says } from "../field-problems.ts";
import { decodeWords } from "./accept/encoded-words.ts";

/** No control character, lone surrogate or line separator: what may stand in a header without adding a line to it. */
const BREAKS_A_LINE = /[\p{Cc}\p{Cs}\u2028\u2029]/u;
export const isOneLine = (text: string): boolean => !BREAKS_A_LINE.test(text);

/** RFC 5322 §2.1.1: no line over 998 characters; what cannot be folded must fit. */
export const LONGEST_LINE = 998;

/** Encoded words take up to about four times the room of their text. */
const LONGEST_ENCODED = 4;

/** A line of text for people that may come as encoded words (RFC 2047): as they read it, and judged as that. `problem`: what a schema says. */
export const readLine = (text: string, most: number): { readonly text: string } | { readonly problem: string } => {
  const tooLong = { problem: says("too_long", { most }) };
  if (text.length > LONGEST_ENCODED * most) return tooLong;
  if (!isOneLine(text)) return { problem: says("not_one_line") };
  const decoded = decodeWords(text);
  if (decoded === null) return { problem: says("undecodable_word") };
  if (!isOneLine(decoded)) return { problem: says("not_one_line") };
  return decoded.length > most ? tooLong : { text: decoded };
};

/** Neither as it stands nor as a lenient reader decodes it does the text break a line. */
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
