/**
 * Encoded words (RFC 2047) represent text beyond ASCII in a header. They are decoded here as leniently as mail readers
 * do it, so that nothing passes as harmless that a reader decodes into something else.
 */

/** RFC 2047 §2, with the language of RFC 2231 §5. Blanks within a word are an error that many readers forgive. */
const WORD = /=\?([^?*\s]+)(?:\*[^?\s]*)?\?([bq])\?([^?]*)\?=/gi;
const IS_WORD = new RegExp(WORD.source, "i");

/** Programs encode twice by mistake, and some readers decode twice. More rounds than this are no accident. */
const MOST_ROUNDS = 3;

/** Tells whether a reader would take a part of this text for an encoded word. */
export const looksEncoded = (text: string): boolean => IS_WORD.test(text);

const fromBase64 = (text: string): Buffer | null => {
  const compact = text.replace(/\s/g, "");
  return /^[A-Za-z0-9+/]*={0,2}$/.test(compact) ? Buffer.from(compact, "base64") : null;
};

const fromQ = (text: string): Buffer | null => {
  if (/[^ -~]/.test(text)) return null;
  const hex = /=([0-9a-f]{2})/gi;
  const latin1 = text
    .replaceAll("_", " ")
    .replace(hex, (_, pair: string) => String.fromCharCode(Number.parseInt(pair, 16)));
  return Buffer.from(latin1, "latin1");
};

const fromCharset = (bytes: Buffer, charset: string): string | null => {
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
};

interface Run {
  readonly charset: string;
  readonly bytes: Buffer[];
}

/**
 * Splits text into plain parts and runs of encoded words. Words separated only by blanks belong together (RFC 2047
 * §6.2), because some programs cut them within a character.
 */
const splitSegments = (text: string): readonly (string | Run)[] | null => {
  const segments: (string | Run)[] = [];
  let end = 0;
  for (const match of text.matchAll(WORD)) {
    const [word, named = "", encoding = "", payload = ""] = match;
    const bytes = encoding.toLowerCase() === "b" ? fromBase64(payload) : fromQ(payload);
    if (bytes === null) return null;
    const charset = named.toLowerCase();
    const between = text.slice(end, match.index);
    const last = segments.at(-1);
    const touches = typeof last === "object" && between.trim() === "";
    if (touches && last.charset === charset) last.bytes.push(bytes);
    else segments.push(...(touches ? [] : [between]), { charset, bytes: [bytes] });
    end = match.index + word.length;
  }
  return [...segments, text.slice(end)];
};

const decodeOnce = (text: string): string | null => {
  const parts = splitSegments(text)?.map((segment) =>
    typeof segment === "string" ? segment : fromCharset(Buffer.concat(segment.bytes), segment.charset),
  );
  return parts === undefined || parts.includes(null) ? null : parts.join("");
};

/** Decodes the text that readers see; null if one of its encoded words cannot be decoded. */
export const decodeWords = (text: string): string | null => {
  let decoded: string | null = text;
  for (let round = 0; round < MOST_ROUNDS && decoded !== null && looksEncoded(decoded); round += 1) {
    decoded = decodeOnce(decoded);
  }
  return decoded === null || looksEncoded(decoded) ? null : decoded;
};

/**
 * RFC 2047 §2 allows words of 75 characters. Words of 52, like nodemailer's, leave room for the header's name on the
 * first line.
 */
const MOST_ENCODED = 40;
const MOST_BYTES_IN_BASE64 = 30;
/** The characters that §5 (3) allows in a phrase, and so anywhere. */
const Q_PLAIN = /^[A-Za-z0-9!*+/-]$/;

const toQ = (character: string): string => {
  if (character === " ") return "_";
  if (Q_PLAIN.test(character)) return character;
  return [...Buffer.from(character)].map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
};

/** Cuts a text between characters, so that each part's weight stays within the limit. */
const cut = (text: string, limit: number, weigh: (character: string) => number): readonly string[] => {
  const parts: string[] = [];
  let part = "";
  let weight = 0;
  for (const character of text) {
    const more = weigh(character);
    if (weight + more > limit) {
      parts.push(part);
      part = "";
      weight = 0;
    }
    part += character;
    weight += more;
  }
  return part === "" ? parts : [...parts, part];
};

const qLength = (character: string): number =>
  character === " " || Q_PLAIN.test(character) ? 1 : 3 * Buffer.byteLength(character);

/** Encodes the text in words with a blank between them, in the shorter of the two encodings. */
export const encodeWords = (text: string): string => {
  const inQ = [...text].reduce((sum, character) => sum + qLength(character), 0);
  if (inQ <= (Buffer.byteLength(text) * 4) / 3) {
    const words = cut(text, MOST_ENCODED, qLength).map((part) => [...part].map(toQ).join(""));
    return words.map((word) => `=?UTF-8?Q?${word}?=`).join(" ");
  }
  return cut(text, MOST_BYTES_IN_BASE64, Buffer.byteLength)
    .map((part) => `=?UTF-8?B?${Buffer.from(part).toString("base64")}?=`)
    .join(" ");
};
