import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A request written byte by byte, as no well-behaved client would write it. */
export interface RawRequest {
  readonly socket: Socket;
  /** The status line so far, and everything after it. */
  answer(): { readonly status: number | null; readonly text: string };
  /** Resolves with the status once there is an answer. */
  answered(): Promise<number>;
  readonly closed: Promise<void>;
}

export interface RawOptions {
  readonly port: number;
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: string | Buffer;
}

/** Sends the head and the given part of the body, and leaves the connection open. */
export const rawRequest = async ({
  port,
  path,
  method = "POST",
  headers = {},
  body = "",
}: RawOptions): Promise<RawRequest> => {
  const socket = connect({ host: "127.0.0.1", port });
  let text = "";
  socket.on("data", (bytes) => (text += bytes.toString("latin1")));
  socket.on("error", () => undefined);
  const closed = once(socket, "close").then(() => undefined);
  await once(socket, "connect");
  const all = { Host: `127.0.0.1:${port}`, "Content-Type": "application/json", ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
  if (body.length > 0) socket.write(body);
  const status = (): number | null => {
    const found = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
    return found === undefined ? null : Number(found);
  };
  return {
    socket,
    answer: () => ({ status: status(), text }),
    answered: async () => {
      for (;;) {
        const found = status();
        if (found !== null) return found;
        if (socket.closed) throw new Error("closed without an answer");
        await Promise.race([once(socket, "data"), closed]);
      }
    },
    closed,
  };
};
