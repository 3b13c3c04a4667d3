import { asWritten, parseAddress } from "../address.ts";
import { looksEncoded } from "./accept/encoded-words.ts";
import type { Mailbox } from "./message.ts";
import { isOneLine, readLine } from "./one-line.ts";

/**
 * Parses mailboxes as callers write them: `ada@example.com`, `Ada <ada@example.com>`, `"Lovelace, Ada" <a@b.example>`.
 * The grammar is small and strict. Nodemailer's parser repairs what it cannot read, which suits incoming mail; here an
 * ambiguous address must be refused and never guessed.
 */

const LONGEST_NAME = 320;
/** Long enough for 100 recipients with encoded names; longer texts are not parsed. */
const LONGEST_LIST = 100 * (4 * LONGEST_NAME + 320);

/**
 * Folds an address's domain to ASCII (IDNA) and keeps the local part. Returns null if it is not an address, or if some
 * readers would decode it as an encoded word (RFC 2047).
 */
export const normalizeAddress = (text: string): string | null => (looksEncoded(text) ? null : asWritten(text));

/** Makes a mailbox from parts; null if the address is not valid or the decoded name could break a header. */
export const mailboxOf = (name: string, address: string): Mailbox | null => {
  const kept = normalizeAddress(address.trim());
  const line = readLine(name, LONGEST_NAME);
  return kept !== null && "text" in line ? { name: line.text.trim(), address: kept } : null;
};

/** Reads a display name, which is a quoted string (RFC 5322 §3.2.4) or plain words; null if quotes do not match. */
const displayName = (text: string): string | null => {
  if (!text.startsWith('"')) return /["<>]/.test(text) ? null : text;
  const inner = text.slice(1, -1);
  return text.length >= 2 && text.endsWith('"') && /^(?:[^"\\]|\\.)*$/su.test(inner)
    ? inner.replaceAll(/\\(.)/gsu, "$1")
    : null;
};

const parseMailbox = (text: string): Mailbox | null => {
  const trimmed = text.trim();
  if (!trimmed.endsWith(">")) return mailboxOf("", trimmed);
  const open = trimmed.lastIndexOf("<");
  const name = open === -1 ? null : displayName(trimmed.slice(0, open).trim());
  return name === null ? null : mailboxOf(name, trimmed.slice(open + 1, -1));
};

/** Finds the commas that separate mailboxes: those outside quotes and angle brackets. */
const separators = (text: string): readonly number[] => {
  const found: number[] = [];
  let quoted = false;
  let angle = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (quoted && char === "\\") at++;
    else if (char === '"') quoted = !quoted;
    else if (!quoted && char === "<") angle = true;
    else if (!quoted && char === ">") angle = false;
    else if (!quoted && !angle && char === ",") found.push(at);
  }
  return found;
};

/** Parses a comma-separated list of at least one mailbox, as in nodemailer's `to`; null if any part is not one. */
export const parseMailboxes = (text: string): readonly Mailbox[] | null => {
  if (text.length > LONGEST_LIST || !isOneLine(text)) return null;
  const ends = [...separators(text), text.length];
  const mailboxes = ends.map((end, at) => parseMailbox(text.slice(at === 0 ? 0 : (ends[at - 1] ?? 0) + 1, end)));
  return mailboxes.every((mailbox) => mailbox !== null) ? mailboxes : null;
};

/** Lists each address once as it was first written; addresses are compared folded. */
export const distinctAddresses = (mailboxes: readonly Mailbox[]): readonly string[] => {
  const byFolded = new Map<string, string>();
  for (const { address } of mailboxes) {
    const folded = foldAddress(address);
    if (!byFolded.has(folded)) byFolded.set(folded, address);
  }
  return [...byFolded.values()];
};

/** Folds an address that was parsed before, for comparisons and index fields. */
export const foldAddress = (address: string): string => parseAddress(address) ?? address.toLowerCase();
