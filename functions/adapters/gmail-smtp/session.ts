import type { Clock } from "../../domain/clock.ts";
import type { SmtpReply, SmtpStage } from "../../domain/google/replies.ts";
import type { Login } from "../../domain/google/transports.ts";
import type { Secret } from "../../domain/secret.ts";
import { connectSocket, resolveHost, type SmtpEndpoint, upgradeSocket } from "./connect.ts";
import { timeoutFor } from "./limits.ts";
import { type ParsedReply, withoutLines } from "./reply-parser.ts";
import { SmtpStream } from "./stream.ts";
import { authenticate } from "./xoauth2.ts";

/** An authenticated conversation with Gmail. */
export interface SmtpSession {
  readonly stream: SmtpStream;
  readonly extensions: Extensions;
  readonly token: Secret;
}

export interface Extensions {
  readonly keywords: ReadonlySet<string>;
  /** The limit by RFC 1870; null if the server states none. */
  readonly maxBytes: number | null;
}

type Step<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly stage: SmtpStage; readonly reply: SmtpReply }
  | { readonly ok: false; readonly stage: SmtpStage; readonly reason: string };

export type Opened = Step<SmtpSession>;

const parseExtensions = (reply: ParsedReply): Extensions => {
  const lines = reply.lines.slice(1).map((line) => line.trim().toUpperCase());
  const size = lines.map((line) => /^SIZE (\d{1,15})$/.exec(line)?.[1]).find((digits) => digits !== undefined);
  return {
    keywords: new Set(lines.map((line) => line.split(" ", 1)[0] ?? "")),
    maxBytes: size === undefined || Number(size) === 0 ? null : Number(size),
  };
};

/** An address literal (RFC 5321 §4.1.3) is true and reveals nothing about the host's name. */
const clientName = (stream: SmtpStream): string => {
  const address = stream.localAddress ?? "127.0.0.1";
  // The system's own address: only one of IPv6 has colons. Node's `isIPv6` compiles a long expression first.
  return address.includes(":") ? `[IPv6:${address}]` : `[${address}]`;
};

/** Opens sessions step by step. A failure names the step and, if the server replied, holds the reply. */
export class SessionOpener {
  readonly #clock: Clock;
  readonly #endpoint: SmtpEndpoint;

  constructor(clock: Clock, endpoint: SmtpEndpoint) {
    this.#clock = clock;
    this.#endpoint = endpoint;
  }

  /** Calls `onStage` for each stage passed; `probe` measures them by it. */
  async open(login: Login, onStage: (passed: "dns" | "tls" | "auth") => void = () => undefined): Promise<Opened> {
    const addresses = await resolveHost(this.#clock, this.#endpoint.host, timeoutFor(this.#clock, "dns"));
    if (!addresses.ok) return addresses;
    onStage("dns");
    const secured = await this.#openSecured(addresses.value);
    if (!secured.ok) return secured;
    onStage("tls");
    const { stream } = secured.value;
    const authenticated = await authenticate(stream, login, timeoutFor(this.#clock, "command"));
    if (authenticated.kind === "authenticated") {
      onStage("auth");
      return { ok: true, value: { ...secured.value, token: login.accessToken } };
    }
    stream.destroy();
    if (authenticated.kind === "lost") return { ok: false, stage: "auth", reason: authenticated.reason };
    return { ok: false, stage: "auth", reply: authenticated.reply };
  }

  /** Returns what EHLO offers before a login; undefined if the server cannot be asked. */
  async extensions(): Promise<Extensions | undefined> {
    const addresses = await resolveHost(this.#clock, this.#endpoint.host, timeoutFor(this.#clock, "dns"));
    if (!addresses.ok) return undefined;
    const secured = await this.#openSecured(addresses.value);
    if (!secured.ok) return undefined;
    const { stream, extensions } = secured.value;
    await stream.command("QUIT", timeoutFor(this.#clock, "quit"));
    stream.destroy();
    return extensions;
  }

  /** Connects, reads the greeting and says EHLO; under `starttls` it upgrades and says EHLO again (RFC 3207 §4.2). */
  async #openSecured(
    addresses: Parameters<typeof connectSocket>[2]["addresses"],
  ): Promise<Step<Omit<SmtpSession, "token">>> {
    const timeoutMs = timeoutFor(this.#clock, "connect");
    const connected = await connectSocket(this.#clock, this.#endpoint, { addresses, timeoutMs });
    if (!connected.ok) return connected;
    const stream = new SmtpStream(this.#clock, connected.value);
    const greeted = await this.#greet(stream);
    if (!greeted.ok || this.#endpoint.security === "tls") return greeted;
    return this.#startTls(stream, greeted.value.extensions);
  }

  async #greet(stream: SmtpStream): Promise<Step<Omit<SmtpSession, "token">>> {
    const greeting = await stream.reply(timeoutFor(this.#clock, "greeting"));
    const said = this.#expectPositive(stream, greeting, "greeting");
    return said.ok ? this.#hello(stream, "greeting") : said;
  }

  async #hello(stream: SmtpStream, stage: "greeting" | "tls"): Promise<Step<Omit<SmtpSession, "token">>> {
    const answer = await stream.command(`EHLO ${clientName(stream)}`, timeoutFor(this.#clock, "command"));
    const said = this.#expectPositive(stream, answer, stage);
    return said.ok ? { ok: true, value: { stream, extensions: parseExtensions(said.value) } } : said;
  }

  async #startTls(plain: SmtpStream, extensions: Extensions): Promise<Step<Omit<SmtpSession, "token">>> {
    if (!extensions.keywords.has("STARTTLS")) {
      plain.destroy();
      return { ok: false, stage: "tls", reason: "the server offers no STARTTLS" };
    }
    const accepted = this.#expectPositive(
      plain,
      await plain.command("STARTTLS", timeoutFor(this.#clock, "command")),
      "tls",
    );
    if (!accepted.ok) return accepted;
    const socket = plain.release();
    if (socket === undefined) {
      plain.destroy();
      return { ok: false, stage: "tls", reason: "the server went on in plain text after STARTTLS" };
    }
    const timeoutMs = timeoutFor(this.#clock, "connect");
    const upgraded = await upgradeSocket(this.#clock, this.#endpoint, { socket, timeoutMs });
    if (!upgraded.ok) return upgraded;
    return this.#hello(new SmtpStream(this.#clock, upgraded.value), "tls");
  }

  #expectPositive(
    stream: SmtpStream,
    answer: Awaited<ReturnType<SmtpStream["reply"]>>,
    stage: SmtpStage,
  ): Step<ParsedReply> {
    if (answer.kind === "lost") return { ok: false, stage, reason: answer.reason };
    if (answer.reply.code >= 200 && answer.reply.code < 300) return { ok: true, value: answer.reply };
    stream.destroy();
    return { ok: false, stage, reply: withoutLines(answer.reply) };
  }
}
