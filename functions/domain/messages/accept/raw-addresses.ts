import { normalizeAddress } from "../mailbox.ts";

/**
 * Reads the addresses of a header field that another program has written (RFC 5322 §3.4): names, quoted strings,
 * comments and groups are ignored. It never guesses: what it cannot read is not an address, and the field is then
 * not `complete`.
 */
export interface FieldAddresses {
  readonly addresses: readonly string[];
  /** Whether every entry of the field was understood. */
  readonly complete: boolean;
}

/** An entry as it is read: the text outside of brackets, and the text within. */
interface Entry {
  text: string;
  angle: string | null;
  /** Something stands where nothing may: a second pair of brackets, or text after one. */
  broken: boolean;
}

const newEntry = (): Entry => ({ text: "", angle: null, broken: false });

/** The position after the quoted string (`"`) or comment (`(`) that begins here; -1 if it does not end. */
const skipEnclosed = (value: string, start: number): number => {
  const quoted = value[start] === '"';
  let depth = 0;
  for (let at = start; at < value.length; at += 1) {
    const char = value[at];
    if (char === "\\") at += 1;
    else if (quoted && char === '"' && at > start) return at + 1;
    else if (!quoted && char === "(") depth += 1;
    else if (!quoted && char === ")") {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return -1;
};

/** Null if the entry is empty, which old lists allow (§4.4); undefined if it is no address. */
const addressOf = ({ text, angle, broken }: Entry): string | null | undefined => {
  if (broken) return undefined;
  if (angle === null && text.trim() === "") return null;
  return normalizeAddress((angle ?? text).trim()) ?? undefined;
};

const appendText = (entry: Entry, text: string): void => {
  if (entry.angle !== null && text.trim() !== "") entry.broken = true;
  entry.text += text;
};

/** Splits a field's value into its entries; null if quotes, comments, brackets or groups do not match. */
const entriesOf = (value: string): readonly Entry[] | null => {
  const entries: Entry[] = [];
  let entry = newEntry();
  let inGroup = false;
  const endEntry = (): void => {
    entries.push(entry);
    entry = newEntry();
  };
  for (let at = 0; at < value.length; ) {
    const char = value[at] ?? "";
    let end = at + 1;
    if (char === '"' || char === "(") {
      end = skipEnclosed(value, at);
      if (end === -1) return null;
      // A quoted string is part of a name, or the local part of an address, which no account that Relais knows has.
      appendText(entry, char === '"' ? value.slice(at, end) : " ");
    } else if (char === "<") {
      end = value.indexOf(">", at) + 1;
      if (end === 0) return null;
      if (entry.angle !== null) entry.broken = true;
      entry.angle = value.slice(at + 1, end - 1);
    } else if (char === ">" || char === ")" || (char === ";" && !inGroup)) return null;
    else if (char === ":") {
      // What stands before the colon is the name of a group.
      if (inGroup || entry.angle !== null) return null;
      [inGroup, entry.text] = [true, ""];
    } else if (char === "," || char === ";") {
      endEntry();
      if (char === ";") inGroup = false;
    } else appendText(entry, char);
    at = end;
  }
  endEntry();
  // `undisclosed-recipients:` often comes without its semicolon.
  return inGroup && entries.some(({ text, angle }) => angle !== null || text.trim() !== "") ? null : entries;
};

export const fieldAddresses = (value: string): FieldAddresses => {
  const entries = entriesOf(value);
  if (entries === null) return { addresses: [], complete: false };
  const read = entries.map(addressOf);
  return {
    addresses: read.filter((address) => typeof address === "string"),
    complete: !read.includes(undefined),
  };
};
