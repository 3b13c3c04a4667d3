import * as z from "zod";
import { says } from "../../field-problems.ts";
import { isOneLine, staysOneLine } from "../one-line.ts";

/**
 * Reads `inReplyTo` and `references`. Ids are opaque: whatever stands between angle brackets is passed on.
 * The forms are nodemailer's: a text of one or several ids, or a list of such texts. Brackets may be left out, and
 * blanks within them are dropped.
 */

const TOKEN = /<[^<>]*>|[^\s<>]+/g;
/** Long enough for the ids of any thread, and short enough to parse. */
const LONGEST_TEXT = 100_000;
const MOST_TEXTS = 1_000;
/**
 * A longer thread keeps its first id and the newest ones, by which readers find it. Gmail takes 32 KB of In-Reply-To
 * (support.google.com/a/answer/14016360), which usually names one mail.
 */
const MOST_REFERENCES = 100;
const MOST_ANSWERED = 20;
/** An id of this length fits on a line after `In-Reply-To:` (RFC 5322 §2.1.1). */
const LONGEST_ID = 900;

/**
 * Reads an id and puts it in brackets, without blanks. Returns null for text between ids, and for an id that a header
 * cannot hold: leaving it out is better than refusing the mail.
 */
const readId = (token: string): string | null => {
  const inner = token.startsWith("<") ? token.slice(1, -1).replace(/\s/g, "") : token.replace(/[,;]+$/, "");
  return inner.length <= LONGEST_ID && /^[!-~]+$/.test(inner) ? `<${inner}>` : null;
};

/** Lenient readers decode encoded words (RFC 2047) even in ids, and across them. */
const hideLines = (ids: readonly string[]): boolean => !staysOneLine(ids.join(" "));

const readIds = (text: string): readonly string[] | { readonly problem: string } => {
  if (text.length > LONGEST_TEXT) return { problem: says("too_long", { most: LONGEST_TEXT }) };
  const line = text.replaceAll("\t", " ");
  if (!isOneLine(line)) return { problem: says("not_one_line") };
  const ids = (line.match(TOKEN) ?? []).map(readId).filter((id) => id !== null);
  return hideLines(ids) ? { problem: says("not_one_line") } : ids;
};

const keepNewest = (ids: readonly string[], most: number): readonly string[] =>
  ids.length <= most ? ids : [...ids.slice(0, 1), ...ids.slice(1 - most)];

const threadIds = (most: number) =>
  z.unknown().transform((value, ctx): readonly string[] => {
    const refuse = (path: number[], message: string): readonly string[] => {
      ctx.issues.push({ code: "custom", input: value, path, message });
      return [];
    };
    const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (texts.length > MOST_TEXTS) return refuse([], says("too_many_entries", { most: MOST_TEXTS }));
    const ids = texts.flatMap((text, at) => {
      const path = Array.isArray(value) ? [at] : [];
      if (typeof text !== "string") return refuse(path, says("not_message_id"));
      const read = readIds(text);
      return "problem" in read ? refuse(path, read.problem) : read;
    });
    const kept = keepNewest([...new Set(ids)], most);
    return hideLines(kept) ? refuse([], says("not_one_line")) : kept;
  });

export const inReplyToInput = threadIds(MOST_ANSWERED);
export const referencesInput = threadIds(MOST_REFERENCES);
