import type { SMTPServerError } from "smtp-server";

/** A reply with its enhanced code (RFC 3463), in one line. */
export interface SmtpReply {
  readonly code: number;
  readonly enhanced: string;
  readonly text: string;
}

/** With the code and CR LF, a line has at most 512 octets (RFC 5321 §4.5.3.1.5). */
const LONGEST_TEXT = 450;

/** Typographic characters of our own texts; whatever else is beyond ASCII becomes a question mark. */
const PLAIN: Readonly<Record<string, string>> = {
  "’": "'",
  "“": '"',
  "”": '"',
  "–": "-",
  "—": "-",
  "…": "...",
  "→": "->",
};

/** A client that has not asked for SMTPUTF8 can read ASCII only. */
const asciiLine = (text: string): string =>
  text
    .replace(/\s+/g, " ")
    .replace(/[^\x20-\x7e]/gu, (character) => PLAIN[character] ?? "?")
    .slice(0, LONGEST_TEXT);

/** What follows the code. */
export const replyText = ({ enhanced, text }: SmtpReply): string => `${enhanced} ${asciiLine(text)}`;

/** As smtp-server takes a refusal from a handler. */
export const asError = (reply: SmtpReply): SMTPServerError =>
  Object.assign(new Error(replyText(reply)), { responseCode: reply.code });
