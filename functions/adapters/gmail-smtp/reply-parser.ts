import type { SmtpReply } from "../../domain/google/replies.ts";

/** A whole reply: what the rest of Relais keeps of it, and its lines for EHLO and the XOAUTH2 challenge. */
export interface ParsedReply extends SmtpReply {
  readonly lines: readonly string[];
}

/** Of a reply what is stored and shown: not its raw lines. */
export const withoutLines = ({ code, enhanced, response }: ParsedReply): SmtpReply => ({ code, enhanced, response });

/** RFC 5321 §4.5.3.1.5 allows 512 octets a line; servers go somewhat beyond it, never this far. */
const LONGEST_LINE = 4_096;
const MOST_LINES = 256;
const KEPT_CHARACTERS = 500;

const REPLY_LINE = /^([2-5]\d\d)(?:([ -])(.*))?$/s;
/** RFC 2034 §4: the enhanced code starts each line's text. */
const ENHANCED = /^([245]\.\d{1,3}\.\d{1,3})(?:\s+|$)/;

const finish = (code: number, lines: readonly string[]): ParsedReply => ({
  code,
  enhanced: ENHANCED.exec(lines[0] ?? "")?.[1] ?? null,
  response: lines
    .map((line) => line.replace(ENHANCED, ""))
    .join(" ")
    .replace(/\p{Cc}+/gu, " ")
    .slice(0, KEPT_CHARACTERS),
  lines,
});

/**
 * Cuts a byte stream into SMTP replies (RFC 5321 §4.2), whatever way packets split or join them. A stream that breaks the grammar
 * is not read any further: after garbage nobody can tell which reply answers which command.
 */
export class ReplyParser {
  #rest = "";
  #code: number | null = null;
  #lines: string[] = [];

  /** True when nothing has been read of a reply that is not finished. */
  get atBoundary(): boolean {
    return this.#rest === "" && this.#lines.length === 0;
  }

  /** The replies that end in this chunk, or `"garbage"`. `chunk`: bytes as latin1, so that no byte is lost or merged. */
  push(chunk: string): readonly ParsedReply[] | "garbage" {
    const pieces = (this.#rest + chunk).split("\n");
    this.#rest = pieces.pop() ?? "";
    if (this.#rest.length > LONGEST_LINE) return "garbage";
    const replies: ParsedReply[] = [];
    for (const piece of pieces) {
      const reply = this.#line(piece.endsWith("\r") ? piece.slice(0, -1) : piece);
      if (reply === "garbage") return "garbage";
      if (reply !== undefined) replies.push(reply);
    }
    return replies;
  }

  #line(line: string): ParsedReply | undefined | "garbage" {
    const match = line.length > LONGEST_LINE ? null : REPLY_LINE.exec(line);
    if (match === null) return "garbage";
    const code = Number(match[1]);
    if (this.#code !== null && this.#code !== code) return "garbage";
    if (this.#lines.length >= MOST_LINES) return "garbage";
    this.#lines.push(Buffer.from(match[3] ?? "", "latin1").toString("utf8"));
    if (match[2] === "-") {
      this.#code = code;
      return undefined;
    }
    const reply = finish(code, this.#lines);
    this.#code = null;
    this.#lines = [];
    return reply;
  }
}
