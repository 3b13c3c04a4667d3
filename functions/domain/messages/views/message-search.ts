import { sha256Hex } from "../../sha256.ts";
import { foldAddress } from "../mailbox.ts";
import type { Message } from "../message.ts";
import { LONGEST_LINE } from "../one-line.ts";

/** Letters that Unicode does not decompose, as people without them on the keyboard type them. */
const SPELLED_OUT: Readonly<Record<string, string>> = { œ: "oe", æ: "ae", ø: "o", ł: "l", đ: "d" };

/** Removes case and accents, so that a search compares text without them. */
const fold = (text: string): string =>
  text
    .normalize("NFD")
    // Upper case first: it makes "ß" and "ss" equal, and "ς" and "σ".
    .toUpperCase()
    .toLowerCase()
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .replace(/[œæøłđ]/g, (letter) => SPELLED_OUT[letter] ?? letter);

/** A word starts after a blank, or at a letter or digit that does not follow another one. */
const WORD_START = /(?<!\S)\S|(?<![\p{L}\p{N}])[\p{L}\p{N}]/gu;

/** Lists what a term may match: each recipient's address, and the subject from each word to the next blank. */
const candidates = ({ subject, recipientAddresses }: Pick<Message, "subject" | "recipientAddresses">): string[] => {
  const text = fold(subject.slice(0, LONGEST_LINE));
  const words = [...text.matchAll(WORD_START)].map(({ index }) => /^\S+/.exec(text.slice(index))?.[0] ?? "");
  return [...recipientAddresses.map(fold), ...words];
};

/**
 * Lengths of the indexed prefixes, in characters: few enough that a mail to 100 recipients has a few hundred index
 * entries, long enough that a search rarely reads many records in vain. A search looks up the longest prefix that fits.
 */
const PREFIX_LENGTHS = [1, 2, 3, 5, 8] as const;

const prefix = (text: string, length: number): string => [...text].slice(0, length).join("");

const indexedPrefixes = (start: string): string[] => PREFIX_LENGTHS.map((length) => prefix(start, length));

/** The prefixes by which a search finds the message. */
export const searchPrefixes = (message: Pick<Message, "subject" | "recipientAddresses">): readonly string[] => [
  ...new Set(candidates(message).flatMap(indexedPrefixes)),
];

/** An index entry of a whole value. No prefix starts with a blank, so the two never meet in their common field. */
const exactEntry = (...value: readonly string[]): string => ` ${sha256Hex(JSON.stringify(value)).slice(0, 24)}`;

export const senderEntry = (address: string): string => exactEntry("from", foldAddress(address));
/** Programs write their ids with angle brackets or without, and so do the people who look for them. */
const bracketed = (messageId: string): string => `<${messageId.trim().replace(/^<(.*)>$/s, "$1")}>`;
export const sameMessageId = (one: string, other: string): boolean => bracketed(one) === bracketed(other);
export const messageIdEntry = (messageId: string): string => exactEntry("messageId", bracketed(messageId));
export const tagEntry = (name: string, value: string): string => exactEntry("tag", name, value);

/**
 * The index field of a message: the prefixes for `q`, and an entry each for its sender, Message-ID and tags. One field
 * serves all, so that the two composite indexes on it do, whatever is combined.
 */
export const searchEntries = (
  message: Pick<Message, "subject" | "recipientAddresses" | "from" | "messageId" | "tags">,
): readonly string[] => [
  ...searchPrefixes(message),
  senderEntry(message.from),
  messageIdEntry(message.messageId),
  ...Object.entries(message.tags).map(([name, value]) => tagEntry(name, value)),
];

/** The terms that somebody typed, all of which must match. Blanks alone make no term. */
export type SearchTerms = readonly string[];

const wordsOf = (text: string): readonly string[] => [...new Set(text.split(/\s+/).filter(Boolean))];

/** Accents without a letter, which folding removes, are kept: they match no message, instead of every one. */
export const searchTerms = (typed: string): SearchTerms => {
  const terms = wordsOf(fold(typed));
  return terms.length > 0 ? terms : wordsOf(typed);
};

const indexedPrefix = (term: string): string =>
  prefix(term, PREFIX_LENGTHS.findLast((length) => length <= [...term].length) ?? 1);

/** Picks the longest indexed prefix among the terms, since it finds the fewest messages. */
export const lookupPrefix = (terms: SearchTerms): string =>
  terms.map(indexedPrefix).reduce((longest, each) => (each.length > longest.length ? each : longest), "");

/** Checks that each term starts an address or a word of the subject. */
export const matchesSearch = (
  message: Pick<Message, "subject" | "recipientAddresses">,
  terms: SearchTerms,
): boolean => {
  const starts = candidates(message);
  return terms.every((term) => starts.some((start) => start.startsWith(term)));
};
