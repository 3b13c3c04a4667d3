import type { Socket } from "node:net";
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from "smtp-server";
import { VERIFIED_TLS } from "../adapters/http/verified-tls.ts";
import { asWritten, parseAddress } from "../domain/address.ts";
import { SECOND } from "../domain/clock.ts";
import { DoorConnection, type Opening } from "./door-connection.ts";
import type { DoorParts } from "./door-parts.ts";
import { type DoorLimits, MAX_MAIL_BYTES, MAX_RECIPIENTS } from "./limits.ts";
import { isLoopbackAddress } from "./listen-address.ts";
import type { Login, LoginFailure } from "./login.ts";
import { fitsRequest } from "./mail-request.ts";
import { receiveMail } from "./receive-mail.ts";
import {
  BAD_RECIPIENT,
  LOGIN_REQUIRED_TEXT,
  loginReply,
  NO_ROOM,
  STOPPING,
  TLS_FIRST,
  TOO_MANY_CONNECTIONS,
  TOO_MANY_LOGINS,
  TOO_MANY_RECIPIENTS,
  TRY_LATER,
} from "./replies.ts";
import { asError, replyText, type SmtpReply } from "./smtp-reply.ts";
import { type Stranger, whomToDrop } from "./strangers.ts";

/** Jokes and ways for proxies, which are no business of this door. */
const NEVER = ["WIZ", "SHELL", "KILL", "XCLIENT", "XFORWARD"];

/** Times the connections that are taken: a connection beyond that is closed without a word. */
const HARD_LIMIT = 4;

/** A flood of connections must not become a flood of log lines. */
const FULL_LOG_MS = 10 * SECOND;

const hardLimit = ({ connections, strangers }: DoorLimits): number => HARD_LIMIT * (connections + strangers);

/** An IPv4 address as smtp-server shows it, whichever socket it came by. */
const unmapped = (address: string): string => address.replace(/^::ffff:/i, "");

const optionsOf = ({ limits, certificate }: DoorParts, secure: boolean): SMTPServerOptions => ({
  secure,
  // Without these, smtp-server would use a certificate whose key is in its source, and TLS 1.0.
  ...(certificate === null ? {} : certificate),
  minVersion: VERIFIED_TLS.minVersion,
  authMethods: ["PLAIN", "LOGIN"],
  // Whether a password may come without TLS is decided for each connection, by its disabled commands.
  allowInsecureAuth: true,
  authRequiredMessage: LOGIN_REQUIRED_TEXT,
  size: MAX_MAIL_BYTES,
  maxRecipients: MAX_RECIPIENTS,
  hideENHANCEDSTATUSCODES: false,
  hideDSN: true,
  hideREQUIRETLS: true,
  // Relais's own rule for addresses is the only one.
  lenientAddressParsing: true,
  disableReverseLookup: true,
  logger: false,
  socketTimeout: limits.idleMs,
  // Of connections that have not shaken hands yet; the others are counted in `onConnect`.
  maxClients: hardLimit(limits),
});

/** One listener of the door. */
export class DoorServer extends SMTPServer {
  readonly #parts: DoorParts;
  readonly #connections = new WeakMap<SMTPServerSession, DoorConnection>();
  readonly #handshakes = new WeakMap<Socket, Stranger>();
  #fullAtMs = Number.NEGATIVE_INFINITY;
  #isStopping = false;

  constructor(parts: DoorParts, secure: boolean) {
    super(optionsOf(parts, secure));
    this.#parts = parts;
    this.server.maxConnections = hardLimit(parts.limits);
    this.server.on("connection", (socket) => this.#guardHandshake(socket));
    this.on("error", (error) => this.#noteFailure(error));
  }

  override connect(socket: Opening[1], options?: Opening[2]): void {
    const { loginMs } = this.#parts.limits;
    const connection = new DoorConnection([this, socket, options ?? null], { sinceMs: this.#parts.nowMs(), loginMs });
    this.connections.add(connection);
    this.#connections.set(connection.session, connection);
    connection.on("error", (error) => this._onError(error));
    connection.init();
    this.#makeRoomFor(connection);
  }

  loggedIn(): number {
    return this.#doorConnections().filter(({ session }) => session.user).length;
  }

  /** The TLS handshakes and the connections without a login. */
  strangers(): readonly Stranger[] {
    const handshakes = [...this._pendingSockets.keys()].flatMap((socket) => this.#handshakes.get(socket) ?? []);
    return [...handshakes, ...this.#doorConnections().filter(({ session }) => !session.user)];
  }

  override onConnect(...[session, callback]: Parameters<SMTPServer["onConnect"]>): void {
    session.disabledCommands = this.#disabledFor(session);
    callback(this.#isFullFor(session) ? asError(TOO_MANY_CONNECTIONS) : null);
  }

  override onSecure(...[, session, callback]: Parameters<SMTPServer["onSecure"]>): void {
    session.disabledCommands = this.#disabledFor(session);
    callback();
  }

  override onAuth(...[auth, session, callback]: Parameters<SMTPServer["onAuth"]>): void {
    const login = async (): Promise<void> => {
      const credentials = { username: auth.username ?? "", password: auth.password ?? "" };
      const outcome = this.#parts.logins.prove(credentials);
      const proven = await (this.#connections.get(session)?.whileProving(outcome) ?? outcome);
      if (!proven.ok) callback(asError(this.#refuseLogin(session, proven.problem)));
      else if (this.#isFullFor(session)) callback(asError(TOO_MANY_CONNECTIONS));
      else callback(null, { user: proven.value });
    };
    login().catch((error) => callback(asError(this.#tellDefect(error))));
  }

  /** smtp-server asks for a login only where it offers one. */
  override onMailFrom(...[{ args }, session, callback]: Parameters<SMTPServer["onMailFrom"]>): void {
    const size = sizeIn(args);
    if (loginOf(session) === null) callback(asError(TLS_FIRST));
    else callback(size > this.#parts.room.freeBytes() ? asError(NO_ROOM) : null);
  }

  override onRcptTo(...[{ address }, session, callback]: Parameters<SMTPServer["onRcptTo"]>): void {
    const written = asWritten(address);
    if (written === null) callback(asError(BAD_RECIPIENT));
    else {
      // A client that has said how large the mail is can still send it to the others apart.
      const fits = fitsRequest(announcedBytes(session), [...recipientsOf(session), written]);
      callback(fits ? null : asError(TOO_MANY_RECIPIENTS));
    }
  }

  override onData(...[stream, session, callback]: Parameters<SMTPServer["onData"]>): void {
    const connection = this.#connections.get(session);
    const login = loginOf(session);
    if (login === null || connection === undefined) {
      callback(asError(TLS_FIRST));
      return;
    }
    const answer = (reply: SmtpReply | null): void => {
      if (reply === null) return;
      if (reply.code === 250) callback(null, replyText(reply));
      else callback(asError(reply));
      if (this.#isStopping) connection.say(STOPPING);
    };
    receiveMail(this.#parts, { stream, connection, login, recipients: recipientsOf(session) }).then(answer, (error) =>
      answer(this.#tellDefect(error)),
    );
  }

  /** Takes no more connections, ends those that wait, and lets messages end that arrive or are handed on. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    this.options.closeTimeout = Math.max(1, graceMs);
    const closed = new Promise<void>((resolve) => this.close(() => resolve()));
    for (const connection of this.#doorConnections()) if (!connection.isBusy) connection.say(STOPPING);
    await closed;
    for (const connection of this.connections) connection._socket.destroy();
  }

  /** smtp-server lets a TLS handshake take as long as a logged-in client may idle. */
  #guardHandshake(socket: Socket): void {
    if (!this._pendingSockets.has(socket)) return;
    const drop = (): void => void this._pendingSockets.get(socket)?.destroy();
    const { limits, nowMs } = this.#parts;
    const timer = setTimeout(drop, limits.loginMs);
    timer.unref();
    socket.once("close", () => clearTimeout(timer));
    const stranger: Stranger = {
      address: unmapped(socket.remoteAddress ?? ""),
      sinceMs: nowMs(),
      isProving: false,
      drop,
    };
    this.#handshakes.set(socket, stranger);
    this.#makeRoomFor(stranger);
  }

  #doorConnections(): readonly DoorConnection[] {
    return [...this.connections].filter((connection) => connection instanceof DoorConnection);
  }

  #makeRoomFor(newcomer: Stranger): void {
    const strangers = this.#parts.strangers();
    if (strangers.length <= this.#parts.limits.strangers) return;
    const dropped = whomToDrop(strangers, newcomer) ?? newcomer;
    this.#noteFull(dropped.address);
    dropped.drop();
  }

  #isFullFor({ remoteAddress }: SMTPServerSession): boolean {
    const { limits, loggedIn } = this.#parts;
    const isFull = loggedIn() >= limits.connections;
    if (isFull) this.#noteFull(remoteAddress);
    return isFull;
  }

  #noteFull(client: string): void {
    const nowMs = this.#parts.nowMs();
    if (nowMs - this.#fullAtMs < FULL_LOG_MS) return;
    this.#fullAtMs = nowMs;
    this.#parts.log.warn("door_connections_full", { client });
  }

  #disabledFor({ secure, remoteAddress }: SMTPServerSession): string[] {
    const { certificate, allowClear } = this.#parts;
    const mayLogIn = secure || allowClear || isLoopbackAddress(remoteAddress);
    return [...NEVER, ...(certificate === null ? ["STARTTLS"] : []), ...(mayLogIn ? [] : ["AUTH"])];
  }

  #refuseLogin(session: SMTPServerSession, failure: LoginFailure): SmtpReply {
    const connection = this.#connections.get(session);
    this.#parts.log.warn("door_login_refused", { why: failure, client: session.remoteAddress });
    if (connection === undefined || failure === "out_of_reach") return loginReply(failure);
    connection.failedLogins += 1;
    return connection.failedLogins < this.#parts.limits.failedLogins ? loginReply(failure) : TOO_MANY_LOGINS;
  }

  #tellDefect(error: unknown): SmtpReply {
    this.#parts.log.error("door_defect", {}, error);
    return TRY_LATER;
  }

  #noteFailure(error: Error): void {
    // Told by whoever opens the door: it is no connection's.
    if ("syscall" in error && error.syscall === "listen") return;
    const code = "code" in error ? String(error.code) : error.name;
    this.#parts.log.info("door_connection_failed", { reason: code });
  }
}

type Arguments = Parameters<SMTPServer["onMailFrom"]>[0]["args"];

const sizeIn = (args: Arguments): number => (args ? Number(args.SIZE ?? 0) : 0);

/** By SIZE of MAIL; 0 without it. */
const announcedBytes = ({ envelope: { mailFrom } }: SMTPServerSession): number =>
  mailFrom ? sizeIn(mailFrom.args) : 0;

const loginOf = ({ user }: SMTPServerSession): Login | null => (user ? user : null);

/** Each once, in whatever case, and sorted: their order says nothing. */
const recipientsOf = ({ envelope }: SMTPServerSession): readonly string[] => {
  const written = envelope.rcptTo.flatMap(({ address }) => asWritten(address) ?? []).sort();
  const folded = written.map(parseAddress);
  return written.filter((_, at) => folded.indexOf(folded[at] ?? null) === at);
};
