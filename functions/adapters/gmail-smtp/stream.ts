import type { Socket } from "node:net";
import type { Clock } from "../../domain/clock.ts";
import { type ParsedReply, ReplyParser } from "./reply-parser.ts";

/** Named, because an abort without a reason makes an error with its stack trace. */
const NO_LONGER = "nobody waits any longer";

/** The answer to a command, or why there will be none: the stream is closed after `lost`. */
export type Answer =
  | { readonly kind: "reply"; readonly reply: ParsedReply }
  | { readonly kind: "lost"; readonly reason: string };

export type WriteOutcome = { readonly kind: "written" } | { readonly kind: "lost"; readonly reason: string };

/** Text such as `ECONNRESET: read ECONNRESET`; messages of socket and TLS errors hold no secret. */
export const errorText = (error: unknown): string => {
  if (!(error instanceof Error)) return "unknown error";
  const code = "code" in error && typeof error.code === "string" ? `${error.code}: ` : "";
  return `${code}${error.message}`.slice(0, 300);
};

/**
 * One SMTP byte stream: commands out, their replies in, in order. A reply that answers nothing ends it, because replies
 * and commands could be paired wrongly from then on, and a wrong pair could turn a refusal into "sent".
 */
export class SmtpStream {
  readonly #clock: Clock;
  readonly #socket: Socket;
  readonly #parser = new ReplyParser();
  /** The replies that have come and are not read yet. */
  readonly #unread: ParsedReply[] = [];
  /** How many replies are still due or unread. */
  #expected = 0;
  #lost: string | null = null;
  #wake: (() => void) | null = null;

  constructor(clock: Clock, socket: Socket) {
    this.#clock = clock;
    this.#socket = socket;
    socket.on("data", this.#onData);
    socket.on("error", this.#onError);
    socket.on("end", this.#onClose);
    socket.on("close", this.#onClose);
  }

  get lost(): boolean {
    return this.#lost !== null;
  }

  get localAddress(): string | undefined {
    return this.#socket.localAddress;
  }

  /** A reply that came although nothing was asked, such as 421 before a shutdown. */
  get interjection(): ParsedReply | null {
    return this.#expected === 0 ? (this.#unread[0] ?? null) : null;
  }

  /** The first reply of a group that has come and refuses its command; it stays unread. */
  get refusal(): ParsedReply | null {
    return this.#unread.find(({ code }) => code >= 400) ?? null;
  }

  /** Writes a line and waits for its reply. The caller guarantees that `line` holds no CR or LF. */
  async command(line: string, timeoutMs: number): Promise<Answer> {
    this.say([line]);
    return this.reply(timeoutMs);
  }

  /**
   * Writes a group of commands at once (RFC 2920) and, if given, content after them. Each has its reply, read in order
   * by `reply`. The caller guarantees that no line holds CR or LF.
   */
  say(lines: readonly string[], content?: Buffer): void {
    const { interjection } = this;
    if (interjection !== null) this.#end(`unexpected reply ${interjection.code}`);
    if (this.#lost !== null) return;
    this.#expected += lines.length;
    const group = Buffer.from(lines.map((line) => `${line}\r\n`).join(""), "utf8");
    this.#socket.write(content === undefined ? group : Buffer.concat([group, content]));
  }

  /** Reads the next reply; a greeting comes although nothing was said. */
  async reply(timeoutMs: number): Promise<Answer> {
    if (this.#unread.length === 0 && this.#lost === null) await this.#anything(timeoutMs);
    const reply = this.#unread.shift();
    if (reply === undefined) {
      this.#end(`no reply within ${timeoutMs} ms`);
      return { kind: "lost", reason: this.#lost ?? "closed" };
    }
    this.#expected = Math.max(0, this.#expected - 1);
    return { kind: "reply", reply };
  }

  async #anything(timeoutMs: number): Promise<void> {
    const waiting = new AbortController();
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    await Promise.race([woken, this.#clock.sleep(timeoutMs, waiting.signal)]);
    waiting.abort(NO_LONGER);
    this.#wake = null;
  }

  /** Writes the bytes and waits until the operating system has taken them. */
  async write(bytes: Buffer, timeoutMs: number): Promise<WriteOutcome> {
    if (this.#lost !== null) return { kind: "lost", reason: this.#lost };
    const waiting = new AbortController();
    const timeout = this.#clock.sleep(timeoutMs, waiting.signal).then(() => "timeout" as const);
    const flushed = new Promise<"flushed" | "failed">((resolve) => {
      this.#socket.write(bytes, (error) => resolve(error ? "failed" : "flushed"));
    });
    const first = await Promise.race([flushed, timeout]);
    waiting.abort(NO_LONGER);
    if (first === "timeout") this.#end(`could not write within ${timeoutMs} ms`);
    if (first === "failed") this.#end("connection closed while writing");
    return this.#lost === null ? { kind: "written" } : { kind: "lost", reason: this.#lost };
  }

  /** Hands over the socket for STARTTLS, unless the server has already sent more (response injection, RFC 3207 §6). */
  release(): Socket | undefined {
    if (this.#lost !== null || this.#unread.length > 0 || !this.#parser.atBoundary) return undefined;
    this.#socket.off("data", this.#onData);
    this.#socket.off("error", this.#onError);
    this.#socket.off("end", this.#onClose);
    this.#socket.off("close", this.#onClose);
    return this.#socket;
  }

  /** An idle session must not keep the process alive. */
  keepAlive(alive: boolean): void {
    if (alive) this.#socket.ref();
    else this.#socket.unref();
  }

  destroy(): void {
    this.#end("closed");
  }

  #end(reason: string): void {
    this.#lost ??= reason;
    this.#socket.destroy();
    this.#wake?.();
  }

  readonly #onData = (chunk: Buffer): void => {
    const replies = this.#parser.push(chunk.toString("latin1"));
    if (replies === "garbage") {
      this.#end("the server's answer is not SMTP");
      return;
    }
    for (const reply of replies) {
      // One more than expected is an interjection, or the greeting; any further reply ends the conversation.
      if (this.#unread.length <= this.#expected) this.#unread.push(reply);
      else this.#end("more replies than commands");
    }
    if (this.#unread.length > 0) this.#wake?.();
  };

  readonly #onError = (error: Error): void => this.#end(errorText(error));
  /** After its end, a server neither says nor reads anything more, so nothing is written to it either. */
  readonly #onClose = (): void => this.#end("the server closed the connection");
}
