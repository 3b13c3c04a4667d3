import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Problem } from "../../domain/problem.ts";
import { refuseNonsense, refuseTunnel, refusingHostless, replyTo } from "./refusals.ts";

/** Loopback alone: the setup token is worth an operator's rights, and `localhost` is either of the two. */
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
 * How long a connection may idle. Node's five seconds are soon over for a program that is busy with something else: it would write its next request to a
 * connection closed just now, and could not know what became of it.
 */
const IDLE_MS = 300_000;
const SWEEP_MS = 50;
/** Requests that were on their way when the end began are read within this time; closing at once would reset their connections. */
const LINGER_MS = 100;
const ENDING: Problem = { code: "unavailable", retryAfterS: 10 };

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : undefined);

/** A listening server that knows its open connections and unanswered requests, so that it can end without cutting one off. */
class Door {
  readonly #listener: RequestListener;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #unanswered = new Set<ServerResponse>();
  /** Connections made after the end began; null before. */
  #late: WeakSet<Socket> | null = null;

  constructor(listener: RequestListener) {
    this.#listener = refusingHostless(listener);
    const take: RequestListener = (req, res) => this.#take(req, res);
    // Node would end these three by itself, without a word of what is wrong (RFC 9112 §3.2 wants a Host; an expectation may be passed over).
    this.#server = createServer({ requireHostHeader: false, keepAliveTimeout: IDLE_MS }, take);
    this.#server.on("checkExpectation", take);
    this.#server.on("connect", refuseTunnel);
    this.#server.on("clientError", refuseNonsense);
    this.#server.on("connection", (socket) => this.#meet(socket));
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
      // A connection whose headers were sent before the end began would idle on after its answer.
      const sweep = setInterval(() => this.#closeIdle(), SWEEP_MS);
      this.#server.close(() => {
        clearTimeout(cut);
        clearInterval(sweep);
        resolve();
      });
      this.#closeIdle();
    });
  }

  #meet(socket: Socket): void {
    this.#late?.add(socket);
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
  }

  #take(req: IncomingMessage, res: ServerResponse): void {
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
    // Node does not count as idle a connection that has not sent a byte yet, such as those that browsers open ahead.
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy();
  }
}

export interface Listening {
  /**
   * Refuses new connections, lets requests under way finish and closes their connections, and cuts off what is left after so many real
   * milliseconds.
   */
  close(graceMs: number): Promise<void>;
}

/** Listens on loopback, by IPv4 and (where the machine has it) IPv6. Throws `PortTaken`. */
export const listen = async (port: number, listener: RequestListener): Promise<Listening> => {
  const doors: Door[] = [];
  const close = async (graceMs: number): Promise<void> => {
    await Promise.all(doors.map((door) => door.close(graceMs)));
  };
  for (const host of HOSTS) {
    const door = new Door(listener);
    try {
      await door.listen(host, port);
      doors.push(door);
    } catch (error) {
      const noIpv6 = host === "::1" && ["EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL"].includes(String(codeOf(error)));
      if (noIpv6) continue;
      await close(0);
      throw error;
    }
  }
  return { close };
};
