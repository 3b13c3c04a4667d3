import { domainEntry, parseAddress } from "../address.ts";
import { looksEncoded } from "./accept/encoded-words.ts";
import type { Mailbox } from "./message.ts";
import { isOneLine, readLine } from "./one-line.ts";

/**
 * Mailboxes as callers write them: `ada@example.com`, `Ada <ada@example.com>`, `"Lovelace, Ada" <ada@example.com>`.
 * A small strict grammar of our own and not nodemailer's parser: that one mends what it cannot read (joins, drops, merges), which
 * is right for mail that comes in and wrong here, where what is ambiguous must be refused and never sent to a guess.
 */

const LONGEST_NAME = 320;
/** Room for 100 recipients with names as encoded words; longer texts are not even looked at. */
const LONGEST_LIST = 100 * (4 * LONGEST_NAME + 320);

/**
 * The address with its domain folded to ASCII (IDNA) and its local part as it came; null if it is not an address, or if
 * some readers would decode it as an encoded word (RFC 2047).
 */
export const keptAddress = (text: string): string | null => {
  const folded = looksEncoded(text) ? null : parseAddress(text);
  return folded === null ? null : text.slice(0, text.lastIndexOf("@")).normalize("NFC") + domainEntry(folded);
};

/** A mailbox given in parts; null if the address is not valid or the decoded name could break a header. */
export const mailboxOf = (name: string, address: string): Mailbox | null => {
  const kept = keptAddress(address.trim());
  const line = readLine(name, LONGEST_NAME);
  return kept !== null && "text" in line ? { name: line.text.trim(), address: kept } : null;
};

/** A display name: a quoted string (RFC 5322 §3.2.4) taken out of its quotes, or plain words; null where quotes do not match. */
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

/** Where the commas that separate mailboxes stand: those outside quotes and angle brackets. */
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

/** A comma-separated list, as nodemailer's users write `to`, of one mailbox at least; null where any of it is no mailbox. */
export const parseMailboxes = (text: string): readonly Mailbox[] | null => {
  if (text.length > LONGEST_LIST || !isOneLine(text)) return null;
  const ends = [...separators(text), text.length];
  const mailboxes = ends.map((end, at) => parseMailbox(text.slice(at === 0 ? 0 : (ends[at - 1] ?? 0) + 1, end)));
  return mailboxes.every((mailbox) => mailbox !== null) ? mailboxes : null;
};

/** Each address once, compared folded, as first written; of the lists in the order given. */
export const distinctAddresses = (mailboxes: readonly Mailbox[]): readonly string[] => {
  const byFolded = new Map<string, string>();
  for (const { address } of mailboxes) {
    const folded = foldAddress(address);
    if (!byFolded.has(folded)) byFolded.set(folded, address);
  }
  return [...byFolded.values()];
};

/** How addresses are compared, and kept in index fields. Of an address that was parsed before. */
export const foldAddress = (address: string): string => parseAddress(address) ?? address.toLowerCase();
