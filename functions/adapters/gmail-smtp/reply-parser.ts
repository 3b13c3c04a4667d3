import type { SmtpReply } from "../../domain/google/replies.ts";

/** A complete reply: the part that Relais stores, and the raw lines, which EHLO and the XOAUTH2 challenge need. */
export interface ParsedReply extends SmtpReply {
  readonly lines: readonly string[];
}

/** The part of a reply that is stored and shown. */
export const withoutLines = ({ code, enhanced, response }: ParsedReply): SmtpReply => ({ code, enhanced, response });

/** RFC 5321 §4.5.3.1.5 allows 512 octets per line; servers exceed that a little, but never by this much. */
const MAX_LINE_CHARACTERS = 4_096;
const MAX_LINES = 256;
const STORED_CHARACTERS = 500;

const REPLY_LINE = /^([2-5]\d\d)(?:([ -])(.*))?$/s;
/** RFC 2034 §4: the enhanced code starts the text of each line. */
const ENHANCED = /^([245]\.\d{1,3}\.\d{1,3})(?:\s+|$)/;

const toReply = (code: number, lines: readonly string[]): ParsedReply => ({
  code,
  enhanced: ENHANCED.exec(lines[0] ?? "")?.[1] ?? null,
  response: lines
    .map((line) => line.replace(ENHANCED, ""))
    .join(" ")
    .replace(/\p{Cc}+/gu, " ")
    .slice(0, STORED_CHARACTERS),
  lines,
});

/**
 * Splits a byte stream into SMTP replies (RFC 5321 §4.2), however packets cut it. It stops at a stream that breaks the
 * grammar: after garbage, nobody can tell which reply answers which command.
 */
export class ReplyParser {
  #rest = "";
  #code: number | null = null;
  #lines: string[] = [];

  /** True if no part of an unfinished reply has been read. */
  get atBoundary(): boolean {
    return this.#rest === "" && this.#lines.length === 0;
  }

  /**
   * Returns the replies that end in this chunk, or `"garbage"`. `chunk` holds bytes as latin1, so that none is lost.
   */
  push(chunk: string): readonly ParsedReply[] | "garbage" {
    const pieces = (this.#rest + chunk).split("\n");
    this.#rest = pieces.pop() ?? "";
    if (this.#rest.length > MAX_LINE_CHARACTERS) return "garbage";
    const replies: ParsedReply[] = [];
    for (const piece of pieces) {
      const reply = this.#line(piece.endsWith("\r") ? piece.slice(0, -1) : piece);
      if (reply === "garbage") return "garbage";
      if (reply !== undefined) replies.push(reply);
    }
    return replies;
  }

  #line(line: string): ParsedReply | undefined | "garbage" {
    const match = line.length > MAX_LINE_CHARACTERS ? null : REPLY_LINE.exec(line);
    if (match === null) return "garbage";
    const code = Number(match[1]);
    if (this.#code !== null && this.#code !== code) return "garbage";
    if (this.#lines.length >= MAX_LINES) return "garbage";
    this.#lines.push(Buffer.from(match[3] ?? "", "latin1").toString("utf8"));
    if (match[2] === "-") {
      this.#code = code;
      return undefined;
    }
    const reply = toReply(code, this.#lines);
    this.#code = null;
    this.#lines = [];
    return reply;
  }
}
