import type { SMTPServer, SMTPServerDataStream, SMTPServerError } from "smtp-server";
import { SMTPConnection } from "smtp-server/lib/smtp-connection.js";
import type { Fault, SmtpStage } from "./faults.ts";
import { MAX_MESSAGE_BYTES } from "./limits.ts";
import type { SmtpParts } from "./smtp.ts";
import { chunkedMessage, takeOctets } from "./smtp-chunks.ts";
import { DAILY_LIMIT, replyText } from "./smtp-message.ts";
import type { TranscriptPen } from "./transcript.ts";

type Reply = Extract<Fault, { fault: "smtp_reply" }>;

interface Opening {
  readonly server: SMTPServer;
  readonly socket: SMTPConnection["_socket"];
  readonly options: ConstructorParameters<typeof SMTPConnection>[2];
}

/** The command that begins each stage; BDAT plays its own failures, because its octets must be read all the same. */
const STAGES: Readonly<Record<string, SmtpStage>> = { AUTH: "auth", MAIL: "mail", RCPT: "rcpt", DATA: "data" };

/** What a scripted failure makes of a command: nothing more is said, or this is said instead. */
type Failure = "silent" | { readonly code: number; readonly text: string };

/** A session of Gmail's: it writes its transcript and plays the scripted failures, stage by stage. */
export class GmailConnection extends SMTPConnection {
  readonly #parts: SmtpParts;
  readonly #pen: TranscriptPen;
  /** What EHLO does not offer this time. */
  #lacking: readonly string[] = [];
  #message: SMTPServerDataStream | null = null;
  #afterChunk: () => void = () => {};

  constructor(parts: SmtpParts, opening: Opening) {
    super(opening.server, opening.socket, opening.options);
    this.#parts = parts;
    this.#pen = parts.transcripts.open(this.id, parts.nowMs());
    parts.counters.smtpSession();
    opening.socket.once("close", () => this.#pen.end());
  }

  override _sendGreeting(): void {
    const failure = this.#failure("connect", null);
    if (failure === null) super._sendGreeting();
    if (failure === null || failure === "silent") return;
    this.send(failure.code, failure.text);
    this.close();
  }

  /** Plays `smtp_refuse_tls` after STARTTLS was answered. */
  override upgrade(callback: () => void, secureCallback?: () => void): void {
    if (this.#parts.faults.take("smtp_refuse_tls", null) === null) super.upgrade(callback, secureCallback);
    else this._socket.destroy();
  }

  override _onCommand(command: Buffer, callback?: () => void): void {
    const line = command.toString();
    const continued = this._nextHandler !== false;
    this.#pen.client(redact(line, continued));
    const stage = continued ? undefined : STAGES[line.split(" ", 1)[0]?.toUpperCase() ?? ""];
    const account = stage === "auth" ? userIn(line) : this.#account();
    const failure = stage === undefined ? null : this.#failure(stage, account, line);
    // Without callback and answer, the session hangs until the client gives up, whatever it has said already.
    if (failure === "silent") return;
    if (failure === null) super._onCommand(command, callback);
    else {
      this.send(failure.code, failure.text);
      callback?.();
    }
  }

  /** Offers CHUNKING besides, and leaves out what `smtp_lacks` names. */
  override handler_EHLO(command: Buffer, callback: () => void): void {
    this.#lacking = this.#parts.faults.take("smtp_lacks", null)?.extensions ?? [];
    super.handler_EHLO(command, callback);
  }

  #offered(lines: readonly string[]): string[] {
    return [...lines, "CHUNKING"].filter((line) => !this.#lacking.includes(line.split(" ", 1)[0] ?? ""));
  }

  /** A chunk of a message (RFC 3030), which smtp-server does not know. */
  handler_BDAT(command: Buffer, callback: () => void): void {
    const [, size = "", last] = /^BDAT (\d{1,9})( LAST)?$/i.exec(command.toString()) ?? [];
    if (size === "" || this.#lacking.includes("CHUNKING") || !this._parser) {
      this.send(502, "5.5.1 Unrecognized command. - gsmtp");
      callback();
      return;
    }
    const failure = this.#failure("data", this.#account());
    if (failure === "silent") return;
    const refused = failure ?? (this.session.envelope.rcptTo.length === 0 ? NO_RECIPIENT : null);
    const message = refused === null ? this.#openMessage() : null;
    takeOctets(this._parser, Number(size), {
      part: (octets) => message?.write(octets),
      end: (goOn) => {
        this.#afterChunk = goOn;
        if (last !== undefined && message !== null) return void message.end();
        this.send(refused?.code ?? 250, refused?.text ?? `2.0.0 OK ${size} octets. - gsmtp`);
        goOn();
      },
    });
    callback();
  }

  override handler_RSET(command: Buffer, callback: () => void): void {
    this.#message = null;
    super.handler_RSET(command, callback);
  }

  /** The message that chunks belong to, from the first to the reply to the last. */
  #openMessage(): SMTPServerDataStream {
    if (this.#message !== null) return this.#message;
    const message = chunkedMessage();
    this.#message = message;
    message.on("data", (octets: Buffer) => {
      message.byteLength += octets.length;
      message.sizeExceeded = message.byteLength > MAX_MESSAGE_BYTES;
    });
    this._server.onData(message, this.session, (error, accepted) => {
      this.#message = null;
      const refusal: Partial<SMTPServerError> | null = error ?? null;
      this.send(
        refusal === null ? 250 : (refusal.responseCode ?? 450),
        refusal?.message ?? String(accepted),
        "DATA_OK",
      );
      this._transactionCounter += 1;
      this._resetSession();
      this.#afterChunk();
    });
    return message;
  }

  /** A text with an enhanced status code of its own keeps it. */
  override send(code: number, data?: string | string[] | null, context?: string | false): void {
    const said = Array.isArray(data) && data.includes("PIPELINING") ? this.#offered(data) : data;
    const text = code === 235 ? "2.7.0 Accepted" : code === 535 ? BAD_CREDENTIALS : said;
    const lines = Array.isArray(text) ? text : [text ?? ""];
    const kind = lines.every((line) => /^[245]\.\d{1,3}\.\d{1,3} /.test(line)) ? false : context;
    super.send(code, text, kind);
    if (code === 235) this.#pen.authenticated(this.#account() ?? "");
    const enhanced = this._getEnhancedStatusCode(code, kind);
    lines.forEach((line, index) => {
      const start = `${code}${index < lines.length - 1 ? "-" : " "}${enhanced === "" ? "" : `${enhanced} `}`;
      this.#pen.server(code === 334 && line !== "" ? "334 [challenge]" : `${start}${line}`);
    });
  }

  #account(): string | null {
    return this.#parts.accounts.bySub(String(this.session.user ?? ""))?.email ?? null;
  }

  /** Plays the failure scripted for this stage, if any. */
  #failure(stage: SmtpStage, account: string | null, line = ""): Failure | null {
    const { faults } = this.#parts;
    const dropped = faults.take(
      "smtp_drop",
      account,
      ({ when }) => when === (stage === "data" ? "before_data" : stage),
    );
    if (dropped !== null) {
      this._socket.destroy();
      return "silent";
    }
    if (faults.take("smtp_stall", account, (fault) => fault.stage === stage) !== null) return "silent";
    if (stage === "auth" && faults.take("smtp_too_many_logins", account) !== null) {
      return { code: 454, text: "4.7.0 Too many login attempts, please try again later. - gsmtp" };
    }
    if (faults.take("smtp_daily_limit", account, (fault) => (fault.stage ?? "data") === stage) !== null) {
      return { code: 550, text: DAILY_LIMIT };
    }
    const reply = faults.take("smtp_reply", account, (fault) => fault.stage === stage && concerns(fault, line));
    if (reply !== null) return { code: reply.code, text: replyText(reply) };
    return stage === "rcpt" && NO_SUCH_USER.test(line) ? { code: 550, text: NO_SUCH_ACCOUNT } : null;
  }
}

/** The reply to a chunk without a valid recipient (RFC 3030 §2). */
const NO_RECIPIENT = { code: 503, text: "5.5.1 RCPT first. - gsmtp" } as const;

/** Lets anyone see a message fail, without a switch: nobody has this address at any domain. */
const NO_SUCH_USER = /<no-such-user@[^>]+>/i;

const NO_SUCH_ACCOUNT =
  "5.1.1 The email account that you tried to reach does not exist. For more information, go to https://support.google.com/mail/?p=NoSuchUser - gsmtp";

const BAD_CREDENTIALS = [
  "5.7.8 Username and Password not accepted. For more information, go to",
  "5.7.8 https://support.google.com/mail/?p=BadCredentials - gsmtp",
];

const concerns = (fault: Reply, line: string): boolean =>
  fault.recipient === undefined || line.toLowerCase().includes(`<${fault.recipient.toLowerCase()}>`);

/** The user in the initial response of `AUTH XOAUTH2 <base64>`. */
const userIn = (line: string): string | null => {
  const text = Buffer.from(line.split(" ")[2] ?? "", "base64").toString();
  const [user] = text.split(String.fromCharCode(1));
  return user?.startsWith("user=") === true ? user.slice(5) : null;
};

/** Removes secrets from a command: the token of AUTH, and any answer to a challenge. */
const redact = (line: string, continued: boolean): string => {
  if (continued) return line === "" ? "" : "[redacted]";
  return line.replace(/^(AUTH\s+\S+\s+)\S.*$/i, "$1[redacted]");
};
