import * as z from "zod";
import { says } from "../../field-problems.ts";
import { isOneLine, LONGEST_LINE, staysOneLine } from "../one-line.ts";
import { bounded } from "./bounded-input.ts";
import { looksEncoded } from "./encoded-words.ts";
import { encodeHeader } from "./header-value.ts";

/** Headers that Relais or Gmail writes itself, or that have a field of their own in the request. */
const RESERVED = new Set([
  "from",
  "sender",
  "to",
  "cc",
  "bcc",
  "reply-to",
  "subject",
  "message-id",
  "in-reply-to",
  "references",
  "date",
  "received",
  "return-path",
  "delivered-to",
  "authentication-results",
]);
const RESERVED_PREFIX = /^(?:mime-|content-|dkim-|arc-|resent-|received-)/;
const UNSUBSCRIBE = /^list-unsubscribe(?:-post)?$/;

/** A token (RFC 9110 §5.6.2) that begins with a letter or digit, so that `__proto__` is refused. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9!#$%&'*+.^_`|~-]{0,75}$/;
const MOST_HEADERS = 50;

export const isUnsubscribeHeader = (name: string): boolean => UNSUBSCRIBE.test(name.toLowerCase());

const nameProblem = (name: string): string | null => {
  if (!NAME.test(name)) return says("bad_header_name");
  const folded = name.toLowerCase();
  return RESERVED.has(folded) || RESERVED_PREFIX.test(folded) ? says("reserved_header") : null;
};

const valueProblem = (name: string, value: unknown): string | null => {
  if (typeof value !== "string") return says("not_text");
  // Encoded words are longer than their text, which is measured after decoding.
  const longest = looksEncoded(value) ? 4 * LONGEST_LINE : LONGEST_LINE;
  if (value.length > longest) return says("too_long", { most: LONGEST_LINE });
  const written = encodeHeader(name, value);
  return "problem" in written ? written.problem : null;
};

/** Reads a plain object's own members. Names are checked and never index an object while it does so. */
export const textMembers = (
  most: number,
  problemOf: (name: string, value: unknown, earlier: ReadonlyMap<string, string>) => string | null,
) =>
  z.unknown().transform((value, ctx): Readonly<Record<string, string>> => {
    const refuse = (path: string[], message: string) =>
      ctx.issues.push({ code: "custom", input: value, path, message });
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      refuse([], says("not_object"));
      return z.NEVER;
    }
    const members = new Map<string, string>();
    const names = Object.keys(value);
    if (names.length > most) refuse([], says("too_many_entries", { most }));
    for (const [name, text] of names.length > most ? [] : Object.entries(value)) {
      const problem = problemOf(name, text, members);
      if (problem === null && typeof text === "string") members.set(name, text);
      else refuse([name], problem ?? says("not_text"));
    }
    return Object.fromEntries(members);
  });

/** `headers` holds extra headers by name. A name may occur once, in any case. */
export const headersInput = textMembers(MOST_HEADERS, (name, value, earlier) => {
  const repeated = [...earlier.keys()].some((other) => other.toLowerCase() === name.toLowerCase());
  return repeated ? says("repeated_header") : (nameProblem(name) ?? valueProblem(name, value));
});

/** Names that begin with `__`, such as `__proto__`, are refused: stores reserve them. */
const TAG_NAME = /^(?!__)[\p{L}\p{N}_][\p{L}\p{M}\p{N}_.:/ -]{0,63}$/u;
const LONGEST_TAG = 256;

export const isTagName = (text: string): boolean => TAG_NAME.test(text);

/** `tags` are the caller's own labels. They are stored with the record and shown, but never put into the mail. */
export const tagsInput = textMembers(20, (name, value) => {
  if (!isTagName(name)) return says("bad_tag_name");
  if (typeof value !== "string") return says("not_text");
  if (!isOneLine(value)) return says("not_one_line");
  return value.length > LONGEST_TAG ? says("too_long", { most: LONGEST_TAG }) : null;
});

const urlOf = (text: string): URL | null => {
  const url = staysOneLine(text) ? URL.parse(text) : null;
  return url !== null && url.protocol === "https:" && url.username === "" && url.password === "" ? url : null;
};

/**
 * An https URL, and whether a POST to it unsubscribes at once (RFC 8058). `URL.href` percent-encodes spaces and angle
 * brackets, so that nothing can escape from `List-Unsubscribe: <…>`.
 */
export const listUnsubscribeInput = bounded(
  z.strictObject({
    url: z
      .string()
      .max(LONGEST_LINE - 100)
      .transform((text, ctx): string => {
        const url = urlOf(text);
        if (url !== null && !/[<>\s]/.test(url.href) && url.href.length <= LONGEST_LINE - 20) return url.href;
        ctx.issues.push({ code: "custom", input: text, message: says("not_https_url") });
        return z.NEVER;
      }),
    oneClick: z.boolean().default(false),
  }),
);
