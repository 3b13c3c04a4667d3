import { parseAddressOrDomain } from "../../address.ts";
import { says } from "../../field-problems.ts";
import { normalizeAddress } from "../mailbox.ts";
import type { Mailbox } from "../message.ts";
import { isOneLine, LONGEST_LINE, readLine, staysOneLine } from "../one-line.ts";
import { encodeWords, looksEncoded } from "./encoded-words.ts";
import { type HeaderToken, headerTokens } from "./header-tokens.ts";

/** The value in ASCII, ready to be folded, or a message for a schema that says why it cannot be encoded. */
type Encoded = { readonly value: string } | { readonly problem: string };

const NOT_ASCII = /[^ -~]/;
/** A word of this length leaves no room for the blank that a fold puts before it. */
const isUnfoldable = (text: string): boolean => text.split(" ").some((word) => word.length >= LONGEST_LINE);
/** Some readers take a line of blanks for the end of the header. In names and between links a long run means one. */
const ALL_BLANK_LINE = / {60}/;
const LONG_BLANK = / {10,}/g;
/** A link cannot be folded, so it must fit a line. */
const LONGEST_LINK = 900;

const mustBeEncoded = (text: string): boolean =>
  NOT_ASCII.test(text) || looksEncoded(text) || isUnfoldable(text) || ALL_BLANK_LINE.test(text);

/**
 * Encodes free text for a header if it must be. The text must be on one line. Blanks at its ends are dropped, because
 * folding could make a line of them.
 */
export const encodeHeaderText = (text: string): string => (mustBeEncoded(text) ? encodeWords(text) : text.trim());

/**
 * Writes a mailbox for a header, with its name quoted or encoded. A name with `=?` is encoded too, because some readers
 * would join it with the `?=` of another name.
 */
export const encodeMailbox = ({ name, address: given }: Mailbox): string => {
  const address = normalizeAddress(given) ?? given;
  const seen = name.replaceAll(LONG_BLANK, " ").trim();
  if (seen === "") return address;
  if (NOT_ASCII.test(seen) || seen.includes("=?")) return `${encodeWords(seen)} <${address}>`;
  return /^[\w ]+$/.test(seen) ? `${seen} <${address}>` : `"${seen.replaceAll(/["\\]/g, "\\$&")}" <${address}>`;
};

/** Headers whose grammar has addresses, ids or URLs. Others count as structured if their value holds one. */
const STRUCTURED = /^(?:list-.*|.*-to|.*-id)$/i;
/** Headers that allow no free text except in a comment (RFC 3834, RFC 2369, RFC 2156). */
const WORDS_ALONE =
  /^(?:auto-submitted|precedence|importance|priority|sensitivity|x-priority|x-msmail-priority|x-auto-response-suppress|list-(?:help|subscribe|unsubscribe|unsubscribe-post|post|owner|archive))$/i;

const inAscii = (link: string): string | null => {
  if (!NOT_ASCII.test(link)) return link;
  const address = normalizeAddress(link);
  if (address !== null) return NOT_ASCII.test(address) ? null : address;
  if (/^[a-z][a-z0-9+.-]*:/i.test(link)) {
    const href = URL.parse(link)?.href ?? "";
    return href === "" || /[\s<>]/.test(href) || NOT_ASCII.test(href) ? null : href;
  }
  // A List-ID is like a domain (RFC 2919).
  return parseAddressOrDomain(`@${link}`)?.slice(1) ?? null;
};

const encodeLink = (link: string): Encoded => {
  if (!staysOneLine(link)) return { problem: says("not_one_line") };
  const value = inAscii(link);
  if (value === null) return { problem: says("link_beyond_ascii") };
  return value.length > LONGEST_LINK ? { problem: says("link_too_long", { most: LONGEST_LINK }) } : { value };
};

const unquote = (text: string): string => text.slice(1, -1).replaceAll(/\\(.)/gsu, "$1");

/** Encodes text. Encoded words that it already holds are decoded first. */
const encodeGivenText = (text: string): Encoded => {
  const line = readLine(text, LONGEST_LINE);
  return "problem" in line ? line : { value: encodeWords(line.text) };
};

const encodeComment = ({ text }: HeaderToken): Encoded => {
  if (!mustBeEncoded(text)) return { value: text };
  const encoded = encodeGivenText(unquote(text));
  return "problem" in encoded ? encoded : { value: `(${encoded.value})` };
};

/** `name=value` cannot be an encoded word (RFC 2047 §5). */
const IS_PARAMETER = /^[\w*-]+=/;

const isText = ({ kind }: HeaderToken): boolean => kind === "word" || kind === "quoted";
const plain = ({ kind, text }: HeaderToken): string => (kind === "quoted" ? unquote(text) : text);

/** Leaves words and quoted strings in a row as they are if it can; otherwise encodes all of them as one phrase. */
const encodePhrase = (run: readonly HeaderToken[]): Encoded & { readonly encoded?: true } => {
  const asGiven = run.map(({ text, spaced }, at) => (spaced && at > 0 ? ` ${text}` : text)).join("");
  if (!mustBeEncoded(asGiven)) return { value: asGiven };
  if (run.some(({ text }) => IS_PARAMETER.test(text))) return { problem: says("parameter_beyond_ascii") };
  const text = run.map((token, at) => (token.spaced && at > 0 ? ` ${plain(token)}` : plain(token))).join("");
  const encoded = encodeGivenText(text);
  return "problem" in encoded ? encoded : { value: encoded.value, encoded: true };
};

const encodeAlone = (token: HeaderToken): Encoded => {
  if (token.kind === "comment") return encodeComment(token);
  if (token.kind === "link") return encodeLink(token.text);
  if (token.kind === "mark") return { value: token.text };
  const inner = encodeLink(token.text.slice(1, -1));
  return "problem" in inner ? inner : { value: `<${inner.value}>` };
};

/** Groups words in a row; every other token stays alone. */
const groupTokens = (tokens: readonly HeaderToken[]): readonly (readonly HeaderToken[])[] => {
  const groups: HeaderToken[][] = [];
  for (const token of tokens) {
    const last = groups.at(-1);
    const [first] = last ?? [];
    if (first !== undefined && isText(first) && isText(token)) last?.push(token);
    else groups.push([token]);
  }
  return groups;
};

const encodeStructured = (name: string, tokens: readonly HeaderToken[]): Encoded => {
  let value = "";
  let afterEncoded = false;
  for (const piece of groupTokens(tokens)) {
    const [first] = piece;
    if (first === undefined) continue;
    const written = isText(first) ? encodePhrase(piece) : encodeAlone(first);
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

/** Angle brackets around blanks are text, as in `5 < 6 and 7 > 3`. */
const isLink = ({ kind, text }: HeaderToken): boolean => kind === "link" || (kind === "angle" && !/\s/.test(text));

/**
 * Encodes a header's value for sending. In a structured header, addresses, ids and URLs stay in clear and only phrases
 * and comments are encoded (RFC 2047 §5); free text is encoded as a whole, after decoding the encoded words in it.
 */
export const encodeHeader = (name: string, value: string): Encoded => {
  if (!isOneLine(value)) return { problem: says("not_one_line") };
  if (!mustBeEncoded(value)) return { value: encodeHeaderText(value) };
  const tokens = headerTokens(value);
  if (tokens.some(isLink) || STRUCTURED.test(name) || WORDS_ALONE.test(name)) return encodeStructured(name, tokens);
  const line = readLine(value, LONGEST_LINE);
  return "problem" in line ? line : { value: encodeHeaderText(line.text) };
};
