import * as z from "zod";
import { says } from "../../field-problems.ts";
import { isOneLine, staysOneLine } from "../one-line.ts";

/**
 * `inReplyTo` and `references`. Ids of other programs are opaque: whatever stands between angle brackets is passed on. The forms are nodemailer's: a text
 * of one id or several, or a list of such texts; brackets may be left out, and blanks within them are closed up.
 */

const TOKEN = /<[^<>]*>|[^\s<>]+/g;
/** Longer than any thread's ids, and short enough to be looked at. */
const LONGEST_TEXT = 100_000;
const MOST_TEXTS = 1_000;
/**
 * Of a longer thread the first id and the newest ones are kept, by which readers find it. In-Reply-To names those that are answered, one as a rule; Gmail
 * takes 32 KB of it (support.google.com/a/answer/14016360), and any length of References.
 */
const MOST_REFERENCES = 100;
const MOST_ANSWERED = 20;
/** With the blank of a fold, and `In-Reply-To:`, it fits a line (RFC 5322 §2.1.1). */
const LONGEST_ID = 900;

/** In brackets, without blanks; null for what lies between ids, and for an id that cannot stand in a header: it is left out, so that it refuses no mail. */
const idOf = (token: string): string | null => {
  const inner = token.startsWith("<") ? token.slice(1, -1).replace(/\s/g, "") : token.replace(/[,;]+$/, "");
  return inner.length <= LONGEST_ID && /^[!-~]+$/.test(inner) ? `<${inner}>` : null;
};

/** What a lenient reader might decode into several lines (RFC 2047), across ids too, though no id is ever encoded. */
const hideLines = (ids: readonly string[]): boolean => !staysOneLine(ids.join(" "));

const readIds = (text: string): readonly string[] | { readonly problem: string } => {
  if (text.length > LONGEST_TEXT) return { problem: says("too_long", { most: LONGEST_TEXT }) };
  const line = text.replaceAll("\t", " ");
  if (!isOneLine(line)) return { problem: says("not_one_line") };
  const ids = (line.match(TOKEN) ?? []).map(idOf).filter((id) => id !== null);
  return hideLines(ids) ? { problem: says("not_one_line") } : ids;
};

const newest = (ids: readonly string[], most: number): readonly string[] =>
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
    const kept = newest([...new Set(ids)], most);
    return hideLines(kept) ? refuse([], says("not_one_line")) : kept;
  });

export const inReplyToInput = threadIds(MOST_ANSWERED);
export const referencesInput = threadIds(MOST_REFERENCES);
