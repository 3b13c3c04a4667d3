import { createServer, type RequestListener, type Server } from "node:http";
import { refuseNonsense, refuseTunnel, refusingHostless } from "./refusals.ts";

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

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : undefined);

const listenOn = (host: string, port: number, listener: RequestListener): Promise<Server> =>
  new Promise((resolve, reject) => {
    // Node would end these three by itself, without a word of what is wrong (RFC 9112 §3.2 wants a Host; an expectation may be passed over).
    const server = createServer({ requireHostHeader: false, keepAliveTimeout: IDLE_MS }, refusingHostless(listener));
    server.on("checkExpectation", listener);
    server.on("connect", refuseTunnel);
    server.on("clientError", refuseNonsense);
    server.once("error", (error) => reject(codeOf(error) === "EADDRINUSE" ? new PortTaken(port) : error));
    server.listen({ host, port, exclusive: true }, () => resolve(server));
  });

export interface Listening {
  /** Takes no more connections, lets requests under way finish, and cuts off what is left after so many real milliseconds. */
  close(graceMs: number): Promise<void>;
}

const end = (server: Server, graceMs: number): Promise<void> =>
  new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), graceMs);
    // What was under way ends, and its connection would idle on.
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
    server.close(() => {
      clearTimeout(cut);
      clearInterval(sweep);
      resolve();
    });
    server.closeIdleConnections();
  });

/** Listens on loopback, by IPv4 and (where the machine has it) IPv6. Throws `PortTaken`. */
export const listen = async (port: number, listener: RequestListener): Promise<Listening> => {
  const servers: Server[] = [];
  for (const host of HOSTS) {
    try {
      servers.push(await listenOn(host, port, listener));
    } catch (error) {
      const noIpv6 = host === "::1" && ["EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL"].includes(String(codeOf(error)));
      if (noIpv6) continue;
      await Promise.all(servers.map((server) => end(server, 0)));
      throw error;
    }
  }
  return {
    close: async (graceMs) => {
      await Promise.all(servers.map((server) => end(server, graceMs)));
    },
  };
};
