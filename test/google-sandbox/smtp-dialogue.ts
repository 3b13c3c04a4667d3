import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";

/** A client that speaks SMTP line by line: exactly what a test says goes out. */
export interface SmtpDialogue {
  /** The greeting, or null if the server hung up first. */
  readonly greeting: string | null;
  /** Sends a line and returns the whole reply; null if the connection was closed instead. */
  say(line: string): Promise<string | null>;
  /** Sends bytes unchanged, then waits for a reply. */
  write(bytes: string | Buffer): Promise<string | null>;
  /** `name`: whom the certificate must name; the host, unless given. */
  startTls(ca: string, name?: string): Promise<void>;
  close(): void;
}

interface Where {
  readonly host: string;
  readonly port: number;
  /** PEM of the authority to trust; without it, there is no TLS at the start. */
  readonly ca?: string;
}

export const smtpDialogue = async ({ host, port, ca }: Where): Promise<SmtpDialogue> => {
  let socket: net.Socket = ca === undefined ? net.connect({ host, port }) : tls.connect({ host, port, ca });
  let replies = repliesOf(socket);
  await once(socket, ca === undefined ? "connect" : "secureConnect");
  const greeting = await replies.next();
  const write = (bytes: string | Buffer): Promise<string | null> => {
    socket.write(bytes);
    return replies.next();
  };
  return {
    greeting,
    write,
    say: (line) => write(`${line}\r\n`),
    startTls: async (authority, name = host) => {
      socket.removeAllListeners("data");
      const secure = tls.connect({ socket, host: name, ca: authority });
      replies = repliesOf(secure);
      socket = secure;
      await once(secure, "secureConnect");
    },
    close: () => socket.destroy(),
  };
};

/** Whole replies: all lines up to one with a space after its code. */
const repliesOf = (socket: net.Socket) => {
  let text = "";
  let closed = false;
  let waiting: (() => void) | null = null;
  const wake = (): void => waiting?.();
  socket.on("data", (chunk) => {
    text += chunk;
    wake();
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    closed = true;
    wake();
  });
  return {
    next: async (): Promise<string | null> => {
      for (;;) {
        const reply = /^(?:\d{3}-.*\r\n)*\d{3}(?: .*)?\r\n/.exec(text)?.[0];
        if (reply !== undefined) {
          text = text.slice(reply.length);
          return reply.trimEnd();
        }
        if (closed) return null;
        await new Promise<void>((resolve) => {
          waiting = resolve;
        });
      }
    },
  };
};

/** The initial response of XOAUTH2 (developers.google.com/workspace/gmail/imap/xoauth2-protocol). */
export const xoauth2 = (user: string, accessToken: string): string =>
  `AUTH XOAUTH2 ${Buffer.from(`user=${user}\u0001auth=Bearer ${accessToken}\u0001\u0001`).toString("base64")}`;
