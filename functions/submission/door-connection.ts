import { SMTPConnection } from "smtp-server/lib/smtp-connection.js";
import { ENCRYPTION_REQUIRED, LOGIN_TOO_SLOW } from "./replies.ts";
import { replyText, type SmtpReply } from "./smtp-reply.ts";

export type Opening = ConstructorParameters<typeof SMTPConnection>;

/** An address in a MAIL command, with or without brackets, whatever stands in it. */
const SENDER = /^(\s*MAIL\s+FROM\s*:\s*)(?:<(?:"(?:\\.|[^"\\])*"|[^<>"])*>|[^\s<>]+)/i;

const OWN_CODE = /^[245]\.\d{1,3}\.\d{1,3} /;

/** A client's connection: what smtp-server leaves open is decided here. */
export class DoorConnection extends SMTPConnection {
  /** Set while a message arrives or is handed to Relais. */
  isBusy = false;
  failedLogins = 0;
  readonly #loginTimer: NodeJS.Timeout;

  constructor(opening: Opening, loginMs: number) {
    super(...opening);
    this.#loginTimer = setTimeout(() => this.#endWithoutLogin(), loginMs);
    this.#loginTimer.unref();
    this._socket.once("close", () => clearTimeout(this.#loginTimer));
  }

  /** 421 also ends the connection. */
  say(reply: SmtpReply): void {
    this.send(reply.code, replyText(reply));
  }

  /** A text with an enhanced status code of its own keeps it. */
  override send(code: number, data?: string | string[] | null, context?: string | false): void {
    super.send(code, data, typeof data === "string" && OWN_CODE.test(data) ? false : context);
  }

  /** The sender may be anything and is not used: programs give names without a domain, or no brackets. */
  override _parseAddressCommand(
    ...[name, command]: Parameters<SMTPConnection["_parseAddressCommand"]>
  ): ReturnType<SMTPConnection["_parseAddressCommand"]> {
    const isSender = name.toLowerCase() === "mail from";
    return super._parseAddressCommand(name, isSender ? command.toString().replace(SENDER, "$1<>") : command);
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
    if (!this.session.user) this.say(LOGIN_TOO_SLOW);
  }
}
