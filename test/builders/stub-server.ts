import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";

/** A request as it arrived. */
export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface StubAnswer {
  readonly status: number;
  readonly body?: unknown;
  /** What is sent as it is, instead of `body` as JSON. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `lost`: the request was read whole, and the connection ends without an answer. `silent`: nothing comes at all. */
export type StubReply = StubAnswer | "lost" | "silent";

export interface StubServer {
  readonly origin: string;
  /** In the order of arrival; a test may empty it. */
  readonly received: Received[];
  /** What answers the next requests. */
  answer(respond: (request: Received) => StubReply): void;
  close(): void;
}

/** An HTTP server that answers as a test says. */
export const startStubServer = async (): Promise<StubServer> => {
  const received: Received[] = [];
  let respond: (request: Received) => StubReply = () => ({ status: 500 });
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const { method = "", url = "", headers } = incoming;
    const request = { method, url, headers, body: Buffer.concat(chunks) };
    received.push(request);
    const reply = respond(request);
    if (reply === "silent") return;
    if (reply === "lost") {
      incoming.socket.destroy();
      return;
    }
    const type = reply.status < 400 ? "application/json" : "application/problem+json";
    outgoing.writeHead(reply.status, { "content-type": type, ...reply.headers });
    outgoing.end(reply.text ?? (reply.body === undefined ? "" : JSON.stringify(reply.body)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    origin: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`,
    received,
    answer: (next) => {
      respond = next;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};
