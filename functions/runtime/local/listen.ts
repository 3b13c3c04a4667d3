import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Problem } from "../../domain/problem.ts";
import { refuseTunnel, refuseUnparsable, replyTo, requireHost } from "./refusals.ts";

/** Only loopback: the setup token has an operator's rights. `localhost` may be either address. */
const HOSTS = ["127.0.0.1", "::1"] as const;

export class PortTaken extends Error {
  override readonly name = "PortTaken";
  readonly port: number;

  constructor(port: number) {
    super(`port ${port} is taken`);
    this.port = port;
  }
}

/**
 * How long a connection may idle. Node's five seconds are too short for a program that is busy: it would write its next
 * request to a connection that has just closed, and could not know whether it arrived.
 */
const KEEP_ALIVE_MS = 300_000;
const SWEEP_MS = 50;
/** Requests already on their way when the end begins are read within this time; closing at once would reset them. */
const LINGER_MS = 100;
const ENDING: Problem = { code: "unavailable", retryAfterS: 10 };

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : undefined);

/**
 * A listening server that tracks its connections and unanswered requests, so that it can end without interrupting any.
 */
class LoopbackServer {
  readonly #listener: RequestListener;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #unanswered = new Set<ServerResponse>();
  /** Connections made after the end began; null before. */
  #late: WeakSet<Socket> | null = null;

  constructor(listener: RequestListener) {
    this.#listener = requireHost(listener);
    const accept: RequestListener = (req, res) => this.#accept(req, res);
    // Node would end these three without an explanation (RFC 9112 §3.2 requires a Host; an expectation may be ignored).
    this.#server = createServer({ requireHostHeader: false, keepAliveTimeout: KEEP_ALIVE_MS }, accept);
    this.#server.on("checkExpectation", accept);
    this.#server.on("connect", refuseTunnel);
    this.#server.on("clientError", refuseUnparsable);
    this.#server.on("connection", (socket) => this.#trackSocket(socket));
  }

  listen(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", (error) => reject(codeOf(error) === "EADDRINUSE" ? new PortTaken(port) : error));
      this.#server.listen({ host, port, exclusive: true }, resolve);
    });
  }

  async close(graceMs: number): Promise<void> {
    this.#late = new WeakSet();
    for (const response of this.#unanswered) response.shouldKeepAlive = false;
    await new Promise((resolve) => setTimeout(resolve, Math.min(LINGER_MS, graceMs)));
    await new Promise<void>((resolve) => {
      const cut = setTimeout(() => this.#server.closeAllConnections(), graceMs);
      // A connection that had sent headers before the end began would stay open and idle after its answer.
      const sweep = setInterval(() => this.#closeIdle(), SWEEP_MS);
      this.#server.close(() => {
        clearTimeout(cut);
        clearInterval(sweep);
        resolve();
      });
      this.#closeIdle();
    });
  }

  #trackSocket(socket: Socket): void {
    this.#late?.add(socket);
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
  }

  #accept(req: IncomingMessage, res: ServerResponse): void {
    if (this.#late !== null) res.shouldKeepAlive = false;
    if (this.#late?.has(req.socket)) replyTo(req, res, { kind: "problem", problem: ENDING });
    else this.#answer(req, res);
  }

  #answer(req: IncomingMessage, res: ServerResponse): void {
    this.#unanswered.add(res);
    res.once("close", () => this.#unanswered.delete(res));
    this.#listener(req, res);
  }

  #closeIdle(): void {
    this.#server.closeIdleConnections();
    // Node does not count a connection as idle until it has sent a byte, such as those that browsers open in advance.
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy();
  }
}

export interface Listening {
  /**
   * Refuses new connections, lets requests in progress finish, and cuts off the rest after this many real milliseconds.
   */
  close(graceMs: number): Promise<void>;
}

/** Listens on loopback over IPv4 and, if available, IPv6. Throws `PortTaken`. */
export const listen = async (port: number, listener: RequestListener): Promise<Listening> => {
  const servers: LoopbackServer[] = [];
  const close = async (graceMs: number): Promise<void> => {
    await Promise.all(servers.map((server) => server.close(graceMs)));
  };
  for (const host of HOSTS) {
    const server = new LoopbackServer(listener);
    try {
      await server.listen(host, port);
      servers.push(server);
    } catch (error) {
      const noIpv6 = host === "::1" && ["EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL"].includes(String(codeOf(error)));
      if (noIpv6) continue;
      await close(0);
      throw error;
    }
  }
  return { close };
};
