/** A token of a header's value. Text for people may be encoded; everything else must stay in clear. */
export interface HeaderToken {
  /** `mark` is a comma or semicolon; `link` is an address or a URL without brackets. */
  readonly kind: "angle" | "quoted" | "comment" | "mark" | "link" | "word";
  readonly text: string;
  /** Whether a blank stands before it. */
  readonly spaced: boolean;
}

const URL_START = /^(?:[a-z][a-z0-9+.-]*:\/\/|mailto:)[^\s<>"]+/i;
/** A name, an @ and a domain with a dot. `=` and `:` separate an address from the text before it: `addr=a@b.org`. */
const ADDRESS_START = /^[^\s<>(),;:"@=]+@[^\s<>(),;:"@]+\.[^\s<>(),;:"@]+/;
const WORD_START = /^[^\s<(),;"]+/;
const ENCODED_START = /^=\?[^?\s]+\?[bq]\?[^?]*\?=/i;

const endOfQuoted = (text: string, start: number): number => {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === '"') return at + 1;
  }
  return -1;
};

const endOfComment = (text: string, start: number): number => {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === "(") depth += 1;
    else if (text[at] === ")") {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return -1;
};

const ENCLOSED = {
  '"': { kind: "quoted", endOf: endOfQuoted },
  "(": { kind: "comment", endOf: endOfComment },
  "<": { kind: "angle", endOf: (text: string, start: number) => text.indexOf(">", start) + 1 || -1 },
} as const;

const isOpening = (char: string): char is keyof typeof ENCLOSED => Object.hasOwn(ENCLOSED, char);

const PUNCTUATION = ".,;:!?)]";

/** Trailing punctuation belongs to the sentence, not to the link. */
const trimPunctuation = (link: string): string => {
  let end = link.length;
  while (end > 1 && PUNCTUATION.includes(link[end - 1] ?? "")) end -= 1;
  return link.slice(0, end);
};

type Opening = keyof typeof ENCLOSED;

/**
 * Reads the enclosed token that starts here, or null. A bracket that was found unclosed is not searched for again,
 * because each search runs to the end of the value.
 */
const readEnclosed = (text: string, at: number, unclosed: Set<Opening>): Omit<HeaderToken, "spaced"> | null => {
  const char = text[at] ?? "";
  if (!isOpening(char) || unclosed.has(char)) return null;
  const { kind, endOf } = ENCLOSED[char];
  const end = endOf(text, at);
  if (end === -1) unclosed.add(char);
  return end === -1 ? null : { kind, text: text.slice(at, end) };
};

const readToken = (text: string, at: number): Omit<HeaderToken, "spaced"> => {
  const char = text[at] ?? "";
  if (char === "," || char === ";") return { kind: "mark", text: char };
  const rest = text.slice(at);
  const link = URL_START.exec(rest)?.[0] ?? ADDRESS_START.exec(rest)?.[0];
  if (link !== undefined) return { kind: "link", text: trimPunctuation(link) };
  // An encoded word may hold blanks, commas and brackets, because readers accept them.
  const word = ENCODED_START.exec(rest)?.[0] ?? WORD_START.exec(rest)?.[0];
  return { kind: "word", text: word ?? char };
};

/** Splits a header's value, in time proportional to its length. */
export const headerTokens = (value: string): readonly HeaderToken[] => {
  const tokens: HeaderToken[] = [];
  const unclosed = new Set<Opening>();
  let spaced = false;
  for (let at = 0; at < value.length; ) {
    if (/\s/.test(value[at] ?? "")) {
      spaced = true;
      at += 1;
      continue;
    }
    const token = readEnclosed(value, at, unclosed) ?? readToken(value, at);
    tokens.push({ ...token, spaced });
    spaced = false;
    at += token.text.length;
  }
  return tokens;
};
