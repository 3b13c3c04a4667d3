import type { Message } from "../message.ts";
import { LONGEST_LINE } from "../one-line.ts";

/** Letters that Unicode does not take apart, as people type them who lack them on their keyboard. */
const SPELLED_OUT: Readonly<Record<string, string>> = { œ: "oe", æ: "ae", ø: "o", ł: "l", đ: "d" };

/** How text is compared in a search: without case and accents. */
const fold = (text: string): string =>
  text
    .normalize("NFD")
    // Through capitals, which make one of "ß" and "ss", "ς" and "σ".
    .toUpperCase()
    .toLowerCase()
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .replace(/[œæøłđ]/g, (letter) => SPELLED_OUT[letter] ?? letter);

/** Where a word starts: after a blank, or at a letter or digit that does not continue another. */
const WORD_START = /(?<!\S)\S|(?<![\p{L}\p{N}])[\p{L}\p{N}]/gu;

/** What a search may start with: each recipient's address, and the rest of the subject (up to the next blank) from each word on. */
const startsIn = ({ subject, recipientAddresses }: Pick<Message, "subject" | "recipientAddresses">): string[] => {
  const text = fold(subject.slice(0, LONGEST_LINE));
  const words = [...text.matchAll(WORD_START)].map(({ index }) => /^\S+/.exec(text.slice(index))?.[0] ?? "");
  return [...recipientAddresses.map(fold), ...words];
};

/**
 * Lengths of the prefixes that are indexed, in characters: few enough that a mail to 100 recipients has some hundred index entries, long enough
 * that a search seldom reads many records that do not match. A term is looked up by the longest that fits and compared as a whole afterwards.
 */
const PREFIX_LENGTHS = [1, 2, 3, 5, 8] as const;

const prefix = (text: string, length: number): string => [...text].slice(0, length).join("");

const prefixesOf = (start: string): string[] => PREFIX_LENGTHS.map((length) => prefix(start, length));

/** Index field of a message: the prefixes by which a search finds it. */
export const searchPrefixes = (message: Pick<Message, "subject" | "recipientAddresses">): readonly string[] => [
  ...new Set(startsIn(message).flatMap(prefixesOf)),
];

/** What somebody typed, in terms that must all be found; none where only blanks were typed. */
export type SearchTerms = readonly string[];
export const searchTerms = (typed: string): SearchTerms => [...new Set(fold(typed).split(/\s+/).filter(Boolean))];

const indexedPrefix = (term: string): string =>
  prefix(term, PREFIX_LENGTHS.findLast((length) => length <= [...term].length) ?? 1);

/** The indexed prefix to look the terms up by: the longest, since it finds the fewest messages. */
export const lookupPrefix = (terms: SearchTerms): string =>
  terms.map(indexedPrefix).reduce((longest, each) => (each.length > longest.length ? each : longest), "");

/** Whether each term starts an address or a word of the subject. */
export const matchesSearch = (
  message: Pick<Message, "subject" | "recipientAddresses">,
  terms: SearchTerms,
): boolean => {
  const starts = startsIn(message);
  return terms.every((term) => starts.some((start) => start.startsWith(term)));
};
