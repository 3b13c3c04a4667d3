import type { SMTPServer } from "smtp-server";
import { SMTPConnection } from "smtp-server/lib/smtp-connection.js";
import type { Fault, SmtpStage } from "./faults.ts";
import type { SmtpParts } from "./smtp.ts";
import { DAILY_LIMIT, replyText } from "./smtp-message.ts";
import type { TranscriptPen } from "./transcript.ts";

type Reply = Extract<Fault, { fault: "smtp_reply" }>;

interface Opening {
  readonly server: SMTPServer;
  readonly socket: SMTPConnection["_socket"];
  readonly options: ConstructorParameters<typeof SMTPConnection>[2];
}

/** The command that begins each stage. */
const STAGES: Readonly<Record<string, SmtpStage>> = { AUTH: "auth", MAIL: "mail", RCPT: "rcpt", DATA: "data" };

/** A session of Gmail's: it writes its transcript and plays the scripted failures, stage by stage. */
export class GmailConnection extends SMTPConnection {
  readonly #parts: SmtpParts;
  readonly #pen: TranscriptPen;

  constructor(parts: SmtpParts, opening: Opening) {
    super(opening.server, opening.socket, opening.options);
    this.#parts = parts;
    this.#pen = parts.transcripts.open(this.id, parts.nowMs());
    parts.counters.smtpSession();
    opening.socket.once("close", () => this.#pen.end());
  }

  override _sendGreeting(): void {
    if (this.#fails("connect", null)) return;
    super._sendGreeting();
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
    if (stage !== undefined && this.#fails(stage, account, line)) callback?.();
    else super._onCommand(command, callback);
  }

  /** A text with an enhanced status code of its own keeps it. */
  override send(code: number, data?: string | string[] | null, context?: string | false): void {
    const text = code === 235 ? "2.7.0 Accepted" : code === 535 ? BAD_CREDENTIALS : data;
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
  #fails(stage: SmtpStage, account: string | null, line = ""): boolean {
    const { faults } = this.#parts;
    const dropped = faults.take(
      "smtp_drop",
      account,
      ({ when }) => when === (stage === "data" ? "before_data" : stage),
    );
    if (dropped !== null) {
      this._socket.destroy();
      return true;
    }
    // Without callback and answer, the session hangs until the client gives up.
    if (faults.take("smtp_stall", account, (fault) => fault.stage === stage) !== null) return true;
    if (stage === "auth" && faults.take("smtp_too_many_logins", account) !== null) {
      this.send(454, "4.7.0 Too many login attempts, please try again later. - gsmtp");
      return true;
    }
    if (faults.take("smtp_daily_limit", account, (fault) => (fault.stage ?? "data") === stage) !== null) {
      this.send(550, DAILY_LIMIT);
      return true;
    }
    const reply = faults.take("smtp_reply", account, (fault) => fault.stage === stage && concerns(fault, line));
    if (reply === null) return false;
    this.send(reply.code, replyText(reply));
    if (stage === "connect") this.close();
    return true;
  }
}

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
