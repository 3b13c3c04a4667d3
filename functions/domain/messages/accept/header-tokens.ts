/** A piece of a header's value. Text for people may be encoded; everything else must stay in clear. */
export interface HeaderToken {
  /** `mark`: a comma or semicolon. `link`: an address or a URL that stands bare. */
  readonly kind: "angle" | "quoted" | "comment" | "mark" | "link" | "word";
  readonly text: string;
  /** Whether a blank stands before it. */
  readonly spaced: boolean;
}

const URL_START = /^(?:[a-z][a-z0-9+.-]*:\/\/|mailto:)[^\s<>"]+/i;
/**
 * A name, an @ and a domain with a dot. `=` and `:` separate an address from what stands before it, as in
 * `addr=a@b.org`.
 */
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
const withoutTail = (link: string): string => {
  let end = link.length;
  while (end > 1 && PUNCTUATION.includes(link[end - 1] ?? "")) end -= 1;
  return link.slice(0, end);
};

type Opening = keyof typeof ENCLOSED;

/**
 * The enclosed piece that starts here, or null. A bracket once found unclosed is not searched for again, because each
 * search runs to the end of the value.
 */
const enclosedAt = (text: string, at: number, unclosed: Set<Opening>): Omit<HeaderToken, "spaced"> | null => {
  const char = text[at] ?? "";
  if (!isOpening(char) || unclosed.has(char)) return null;
  const { kind, endOf } = ENCLOSED[char];
  const end = endOf(text, at);
  if (end === -1) unclosed.add(char);
  return end === -1 ? null : { kind, text: text.slice(at, end) };
};

const tokenAt = (text: string, at: number): Omit<HeaderToken, "spaced"> => {
  const char = text[at] ?? "";
  if (char === "," || char === ";") return { kind: "mark", text: char };
  const rest = text.slice(at);
  const link = URL_START.exec(rest)?.[0] ?? ADDRESS_START.exec(rest)?.[0];
  if (link !== undefined) return { kind: "link", text: withoutTail(link) };
  // An encoded word may hold blanks, commas and brackets; readers forgive it.
  const word = ENCODED_START.exec(rest)?.[0] ?? WORD_START.exec(rest)?.[0];
  return { kind: "word", text: word ?? char };
};

/** Takes time in proportion to the value's length. */
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
    const token = enclosedAt(value, at, unclosed) ?? tokenAt(value, at);
    tokens.push({ ...token, spaced });
    spaced = false;
    at += token.text.length;
  }
  return tokens;
};
