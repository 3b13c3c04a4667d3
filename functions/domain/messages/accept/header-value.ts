import { parseAddressOrDomain } from "../../address.ts";
import { says } from "../../field-problems.ts";
import { keptAddress } from "../mailbox.ts";
import type { Mailbox } from "../message.ts";
import { isOneLine, LONGEST_LINE, readLine, staysOneLine } from "../one-line.ts";
import { encodeWords, looksEncoded } from "./encoded-words.ts";
import { type HeaderToken, headerTokens } from "./header-tokens.ts";

/** In ASCII, ready to be folded and written; or what a schema says of why it cannot be. */
type Written = { readonly value: string } | { readonly problem: string };

const NOT_ASCII = /[^ -~]/;
/** A word that leaves no room for the blank that a fold puts before it. */
const isUnfoldable = (text: string): boolean => text.split(" ").some((word) => word.length >= LONGEST_LINE);
/** A line of blanks alone would end the header for some readers; in names and between links so many say no more than one. */
const ALL_BLANK_LINE = / {60}/;
const LONG_BLANK = / {10,}/g;
/** What must stay in clear stays well within a line. */
const LONGEST_LINK = 900;

const mustBeEncoded = (text: string): boolean =>
  NOT_ASCII.test(text) || looksEncoded(text) || isUnfoldable(text) || ALL_BLANK_LINE.test(text);

/**
 * Free text as it may stand in a header: as it is, or as encoded words. Of text on one line that is meant as it stands; blanks at its ends mean nothing, and
 * a fold would make a line of them.
 */
export const writtenText = (text: string): string => (mustBeEncoded(text) ? encodeWords(text) : text.trim());

/**
 * A mailbox as it stands in a header; its name quoted, or as encoded words. An `=?` is encoded too: with the `?=` of another name some readers would make a
 * word of them.
 */
export const writtenMailbox = ({ name, address: given }: Mailbox): string => {
  const address = keptAddress(given) ?? given;
  const seen = name.replaceAll(LONG_BLANK, " ").trim();
  if (seen === "") return address;
  if (NOT_ASCII.test(seen) || seen.includes("=?")) return `${encodeWords(seen)} <${address}>`;
  return /^[\w ]+$/.test(seen) ? `${seen} <${address}>` : `"${seen.replaceAll(/["\\]/g, "\\$&")}" <${address}>`;
};

/** Headers whose grammar has addresses, ids or URLs; others are taken for such where their value holds one. */
const STRUCTURED = /^(?:list-.*|.*-to|.*-id)$/i;
/** Headers of one word, with no place for text but a comment (RFC 3834, RFC 2369, RFC 2156). */
const WORDS_ALONE =
  /^(?:auto-submitted|precedence|importance|priority|sensitivity|x-priority|x-msmail-priority|x-auto-response-suppress|list-(?:help|subscribe|unsubscribe|unsubscribe-post|post|owner|archive))$/i;

const inAscii = (link: string): string | null => {
  if (!NOT_ASCII.test(link)) return link;
  const address = keptAddress(link);
  if (address !== null) return NOT_ASCII.test(address) ? null : address;
  if (/^[a-z][a-z0-9+.-]*:/i.test(link)) {
    const href = URL.parse(link)?.href ?? "";
    return href === "" || /[\s<>]/.test(href) || NOT_ASCII.test(href) ? null : href;
  }
  // A List-ID is like a domain (RFC 2919).
  return parseAddressOrDomain(`@${link}`)?.slice(1) ?? null;
};

const writtenLink = (link: string): Written => {
  if (!staysOneLine(link)) return { problem: says("not_one_line") };
  const value = inAscii(link);
  if (value === null) return { problem: says("link_beyond_ascii") };
  return value.length > LONGEST_LINK ? { problem: says("link_too_long", { most: LONGEST_LINK }) } : { value };
};

const unquoted = (text: string): string => text.slice(1, -1).replaceAll(/\\(.)/gsu, "$1");

/** Text that readers see decoded; a blank stands around encoded words (RFC 2047 §5). */
const encodedText = (text: string): Written => {
  const line = readLine(text, LONGEST_LINE);
  return "problem" in line ? line : { value: encodeWords(line.text) };
};

const writtenComment = ({ text }: HeaderToken): Written => {
  if (!mustBeEncoded(text)) return { value: text };
  const encoded = encodedText(unquoted(text));
  return "problem" in encoded ? encoded : { value: `(${encoded.value})` };
};

/** `name=value`: an encoded word in its place would be read as neither. */
const IS_PARAMETER = /^[\w*-]+=/;

const isText = ({ kind }: HeaderToken): boolean => kind === "word" || kind === "quoted";
const plain = ({ kind, text }: HeaderToken): string => (kind === "quoted" ? unquoted(text) : text);

/** Words and quoted strings in a row: as they are where all of them may stand so, else as one phrase of encoded words. */
const writtenPhrase = (run: readonly HeaderToken[]): Written & { readonly encoded?: true } => {
  const asGiven = run.map(({ text, spaced }, at) => (spaced && at > 0 ? ` ${text}` : text)).join("");
  if (!mustBeEncoded(asGiven)) return { value: asGiven };
  if (run.some(({ text }) => IS_PARAMETER.test(text))) return { problem: says("parameter_beyond_ascii") };
  const text = run.map((token, at) => (token.spaced && at > 0 ? ` ${plain(token)}` : plain(token))).join("");
  const encoded = encodedText(text);
  return "problem" in encoded ? encoded : { value: encoded.value, encoded: true };
};

const writtenAlone = (token: HeaderToken): Written => {
  if (token.kind === "comment") return writtenComment(token);
  if (token.kind === "link") return writtenLink(token.text);
  if (token.kind === "mark") return { value: token.text };
  const inner = writtenLink(token.text.slice(1, -1));
  return "problem" in inner ? inner : { value: `<${inner.value}>` };
};

/** Words in a row make one piece, every other token is one. */
const pieces = (tokens: readonly HeaderToken[]): readonly (readonly HeaderToken[])[] => {
  const groups: HeaderToken[][] = [];
  for (const token of tokens) {
    const last = groups.at(-1);
    if (last?.every(isText) && isText(token)) last.push(token);
    else groups.push([token]);
  }
  return groups;
};

const structured = (name: string, tokens: readonly HeaderToken[]): Written => {
  let value = "";
  let afterEncoded = false;
  for (const piece of pieces(tokens)) {
    const [first] = piece;
    if (first === undefined) continue;
    const written = isText(first) ? writtenPhrase(piece) : writtenAlone(first);
    if ("problem" in written) return written;
    const encoded = "encoded" in written;
    if (encoded && WORDS_ALONE.test(name)) return { problem: says("header_beyond_ascii") };
    const blank = value !== "" && (first.spaced || encoded || afterEncoded);
    value += (blank ? " " : "") + written.value;
    afterEncoded = encoded;
  }
  if (isUnfoldable(value)) return { problem: says("link_too_long", { most: LONGEST_LINK }) };
  return { value: value.replaceAll(LONG_BLANK, " ") };
};

/** What stands between angle brackets with blanks is text: `5 < 6 and 7 > 3`. */
const isLink = ({ kind, text }: HeaderToken): boolean => kind === "link" || (kind === "angle" && !/\s/.test(text));

/**
 * A header's value as it goes out. Where it has a structure, its addresses, ids and URLs stay in clear and only phrases and comments are encoded
 * (RFC 2047 §5); free text is encoded as a whole. Encoded words that come in are decoded first.
 */
export const writtenHeader = (name: string, value: string): Written => {
  if (!isOneLine(value)) return { problem: says("not_one_line") };
  if (!mustBeEncoded(value)) return { value: writtenText(value) };
  const tokens = headerTokens(value);
  if (tokens.some(isLink) || STRUCTURED.test(name) || WORDS_ALONE.test(name)) return structured(name, tokens);
  const line = readLine(value, LONGEST_LINE);
  return "problem" in line ? line : { value: writtenText(line.text) };
};
