import { SMTPConnection } from "smtp-server/lib/smtp-connection.js";
import { ENCRYPTION_REQUIRED, LOGIN_TOO_SLOW, TOO_MANY_CONNECTIONS } from "./replies.ts";
import { replyText, type SmtpReply } from "./smtp-reply.ts";
import type { Stranger } from "./strangers.ts";

export type Opening = ConstructorParameters<typeof SMTPConnection>;

/** An address in a MAIL command, with or without brackets, whatever stands in it. */
const SENDER = /^(\s*MAIL\s+FROM\s*:\s*)(?:<(?:"(?:\\.|[^"\\])*"|[^<>"])*>|[^\s<>]+)/i;

/** An address in a RCPT command without brackets, in which some devices write it. */
const BARE_RECIPIENT = /^(\s*RCPT\s+TO\s*:\s*)([^\s<>]+)(?=(?:\s[^<>]*)?$)/i;

const OWN_CODE = /^[245]\.\d{1,3}\.\d{1,3} /;

/** A client's connection: what smtp-server leaves open is decided here. */
export class DoorConnection extends SMTPConnection implements Stranger {
  readonly sinceMs: number;
  /** Set while a message arrives or is handed to Relais. */
  isBusy = false;
  failedLogins = 0;
  #isProving = false;
  readonly #loginTimer: NodeJS.Timeout;

  constructor(opening: Opening, { sinceMs, loginMs }: { readonly sinceMs: number; readonly loginMs: number }) {
    super(...opening);
    this.sinceMs = sinceMs;
    this.#loginTimer = setTimeout(() => this.#endWithoutLogin(), loginMs);
    this.#loginTimer.unref();
    this._socket.once("close", () => clearTimeout(this.#loginTimer));
  }

  get address(): string {
    return this.remoteAddress;
  }

  get isProving(): boolean {
    return this.#isProving;
  }

  /** Waits for the outcome of a login: meanwhile, its time does not run out. */
  async whileProving<T>(outcome: Promise<T>): Promise<T> {
    this.#isProving = true;
    try {
      return await outcome;
    } finally {
      this.#isProving = false;
    }
  }

  /** Makes room at once: it does not wait for the client to close its side. */
  drop(): void {
    this.say(TOO_MANY_CONNECTIONS);
    // smtp-server ends a TLS handshake that is under way itself.
    if (!this._upgrading) this._socket.destroySoon();
  }

  /** 421 also ends the connection. */
  say(reply: SmtpReply): void {
    this.send(reply.code, replyText(reply));
  }

  /** A text with an enhanced status code of its own keeps it. */
  override send(code: number, data?: string | string[] | null, context?: string | false): void {
    super.send(code, data, typeof data === "string" && OWN_CODE.test(data) ? false : context);
  }

  /** Programs leave out the brackets. The sender may be anything and is not used, a name without a domain too. */
  override _parseAddressCommand(
    ...[name, command]: Parameters<SMTPConnection["_parseAddressCommand"]>
  ): ReturnType<SMTPConnection["_parseAddressCommand"]> {
    const line = command.toString();
    const isSender = name.toLowerCase() === "mail from";
    const bracketed = isSender ? line.replace(SENDER, "$1<>") : line.replace(BARE_RECIPIENT, "$1<$2>");
    return super._parseAddressCommand(name, bracketed);
  }

  /** smtp-server does not know a command that is disabled; a client is better told how to be allowed to log in. */
  override _onCommand(command: Buffer, callback?: () => void): void {
    const isLogin = this._nextHandler === false && /^AUTH(\s|$)/i.test(command.toString("latin1"));
    if (isLogin && this._ready && !this._upgrading && this._isDisabled("AUTH")) {
      this.say(ENCRYPTION_REQUIRED);
      if (callback) setImmediate(callback);
    } else super._onCommand(command, callback);
  }

  #endWithoutLogin(): void {
    if (this.#isProving) this.#loginTimer.refresh();
    else if (!this.session.user) this.say(LOGIN_TOO_SLOW);
  }
}
