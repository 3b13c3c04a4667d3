import type { Socket } from "node:net";
import type { Clock } from "../../domain/clock.ts";
import { type ParsedReply, ReplyParser } from "./reply-parser.ts";

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
 * One SMTP byte stream in lock-step: a command out, its reply in. An unsolicited reply ends it, because replies and
 * commands could be paired wrongly from then on, and a wrong pair could turn a refusal into "sent".
 */
export class SmtpStream {
  readonly #clock: Clock;
  readonly #socket: Socket;
  readonly #parser = new ReplyParser();
  #unread: ParsedReply | null = null;
  #lost: string | null = null;
  #wake: (() => void) | null = null;

  constructor(clock: Clock, socket: Socket) {
    this.#clock = clock;
    this.#socket = socket;
    socket.on("data", this.#onData);
    socket.on("error", this.#onError);
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
    return this.#unread;
  }

  /** Writes a line and waits for its reply. The caller guarantees that `line` holds no CR or LF. */
  async command(line: string, timeoutMs: number): Promise<Answer> {
    if (this.#unread !== null) this.#end(`unexpected reply ${this.#unread.code}`);
    if (this.#lost !== null) return { kind: "lost", reason: this.#lost };
    this.#socket.write(`${line}\r\n`, "utf8");
    return this.reply(timeoutMs);
  }

  async reply(timeoutMs: number): Promise<Answer> {
    const waiting = new AbortController();
    const timeout = this.#clock.sleep(timeoutMs, waiting.signal);
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    if (this.#unread === null && this.#lost === null) await Promise.race([woken, timeout]);
    waiting.abort();
    this.#wake = null;
    const reply = this.#unread;
    if (reply === null) {
      this.#end(`no reply within ${timeoutMs} ms`);
      return { kind: "lost", reason: this.#lost ?? "closed" };
    }
    this.#unread = null;
    return { kind: "reply", reply };
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
    waiting.abort();
    if (first === "timeout") this.#end(`could not write within ${timeoutMs} ms`);
    if (first === "failed") this.#end("connection closed while writing");
    return this.#lost === null ? { kind: "written" } : { kind: "lost", reason: this.#lost };
  }

  /** Hands over the socket for STARTTLS, unless the server has already sent more (response injection, RFC 3207 §6). */
  release(): Socket | undefined {
    if (this.#lost !== null || this.#unread !== null || !this.#parser.atBoundary) return undefined;
    this.#socket.off("data", this.#onData);
    this.#socket.off("error", this.#onError);
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
      // The first reply may still answer the pending command; any further reply ends the conversation.
      if (this.#unread === null) this.#unread = reply;
      else this.#end("more replies than commands");
    }
    if (this.#unread !== null) this.#wake?.();
  };

  readonly #onError = (error: Error): void => this.#end(errorText(error));
  readonly #onClose = (): void => this.#end("the server closed the connection");
}
