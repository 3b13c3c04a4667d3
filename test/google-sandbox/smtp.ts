import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import type { SMTPConnection } from "smtp-server/lib/smtp-connection.js";
import type { Certificates } from "./certificates.ts";
import { MAX_MESSAGE_BYTES } from "./limits.ts";
import type { Parts } from "./parts.ts";
import { MAIL_SCOPE } from "./scopes.ts";
import { GmailConnection } from "./smtp-connection.ts";
import { receiveMail } from "./smtp-message.ts";
import type { Transcripts } from "./transcript.ts";

export interface SmtpParts extends Parts {
  readonly certificates: Certificates;
  readonly transcripts: Transcripts;
}

export interface SmtpListener {
  readonly port: number;
  close(): Promise<void>;
}

/** Gmail's submission server, on implicit TLS (465 at Google) or STARTTLS (587). */
export const listenSmtp = async (
  parts: SmtpParts,
  how: { readonly security: "tls" | "starttls"; readonly port: number },
): Promise<SmtpListener> => {
  const server = new GmailServer(parts, { secure: how.security === "tls" });
  // A client that breaks off a handshake needs no report.
  server.on("error", () => {});
  await new Promise<void>((resolve, reject) => {
    server.server.once("error", reject);
    server.listen(how.port, "127.0.0.1", resolve);
  });
  const address = server.server.address() as AddressInfo;
  return {
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.isClosed = true;
        server.close(() => resolve());
        for (const connection of server.connections) connection._socket.destroy();
        for (const [socket] of server._pendingSockets) socket.destroy();
      }),
  };
};

class GmailServer extends SMTPServer {
  readonly #parts: SmtpParts;
  isClosed = false;

  constructor(parts: SmtpParts, { secure }: { secure: boolean }) {
    super({ ...options(parts), secure });
    this.#parts = parts;
  }

  override connect(socket: SMTPConnection["_socket"], socketOptions?: ConstructorParameters<typeof SMTPConnection>[2]) {
    const connection = new GmailConnection(this.#parts, { server: this, socket, options: socketOptions ?? null });
    this.connections.add(connection);
    connection.on("error", (error) => this._onError(error));
    connection.init();
  }

  override onData(...[stream, session, callback]: Parameters<SMTPServer["onData"]>): void {
    const account = this.#parts.accounts.bySub(String(session.user));
    if (account === null) throw new Error("the session of an account that does not exist");
    const connection = [...this.connections].find((one) => one.session === session);
    const { mailFrom, rcptTo } = session.envelope;
    receiveMail(this.#parts, {
      stream,
      account,
      envelope: { from: mailFrom === false ? "" : mailFrom.address, to: rcptTo.map((rcpt) => rcpt.address) },
      isClosed: () => this.isClosed,
      drop: () => connection?._socket.destroy(),
      reply: (error, accepted) => callback(error, accepted),
    });
  }

  /** `smtp_refuse_tls`: the handshake is cut before it starts. */
  override _upgrade(...args: Parameters<SMTPServer["_upgrade"]>): void {
    if (this.#parts.faults.take("smtp_refuse_tls", null) === null) {
      super._upgrade(...args);
      return;
    }
    args[0].destroy();
    args[1](new Error("TLS refused"));
  }
}

const options = (parts: SmtpParts): SMTPServerOptions => ({
  name: "smtp.gmail.com",
  banner: "sandbox - gsmtp",
  heloResponse: "%s at your service, [127.0.0.1]",
  key: parts.certificates.key,
  cert: parts.certificates.certificate,
  authMethods: ["XOAUTH2"],
  size: MAX_MESSAGE_BYTES,
  maxRecipients: 100,
  hideENHANCEDSTATUSCODES: false,
  // 127.0.0.1 needs no name server, and asking one would slow down every session.
  disableReverseLookup: true,
  logger: false,
  closeTimeout: 1_000,
  onAuth: (auth, _session, callback) => {
    const email = auth.username ?? "";
    const account = accountByToken(parts, auth.accessToken ?? "", email);
    // By its id, so that a session continues if the account is renamed in the meantime.
    if (account !== null) return callback(null, { user: account.sub });
    // Gmail's answer to a wrong or expired token: 334 with this, and 535 after the client's empty line.
    callback(null, { data: { status: "400", schemes: "Bearer", scope: MAIL_SCOPE } });
  },
});

const accountByToken = (parts: Parts, token: string, email: string) => {
  const live = parts.grants.live(token);
  if (live === null || live.kind !== "AccessToken" || !live.scopes.includes(MAIL_SCOPE)) return null;
  const account = parts.accounts.bySub(live.account);
  return account !== null && account.email.toLowerCase() === email.toLowerCase() ? account : null;
};
