import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";

/** Measures how long a process waits for any of its peers, whatever protocol they speak. */
export interface Peers {
  /** Returns the `host:port` of a proxy that forwards every byte to the peer. */
  before(host: string): Promise<string>;
  /** Forgets what was measured so far. */
  reset(): void;
  /** Milliseconds since then in which at least one request or connection was waiting for the end of its answer. */
  waitedMs(): number;
  close(): void;
}

interface Wait {
  readonly fromMs: number;
  toMs: number;
}

/** How long at least one wait lasted; overlaps count once. */
const union = (waits: readonly Wait[]): number => {
  let total = 0;
  let untilMs = Number.NEGATIVE_INFINITY;
  for (const { fromMs, toMs } of waits.toSorted((a, b) => a.fromMs - b.fromMs)) {
    total += Math.max(0, toMs - Math.max(fromMs, untilMs));
    untilMs = Math.max(untilMs, toMs);
  }
  return total;
};

export const watchPeers = (): Peers => {
  const closers: (() => void)[] = [];
  let waits: Wait[] = [];
  return {
    before: async (host) => {
      const { hostname, port } = new URL(`tcp://${host}`);
      const server = createServer((client) => {
        const peer = connect(Number(port), hostname);
        const begin = (): Wait => {
          const nowMs = performance.now();
          const wait = { fromMs: nowMs, toMs: nowMs };
          waits.push(wait);
          return wait;
        };
        // A wait ends with the last bytes before the process speaks again. Behind TLS, nobody can tell a mail server's
        // greeting from the end of the handshake, so the 100 ms before the greeting count too.
        let wait = begin();
        let answered = false;
        client.on("data", (data) => {
          if (answered) wait = begin();
          answered = false;
          peer.write(data);
        });
        peer.on("data", (data) => {
          wait.toMs = performance.now();
          answered = true;
          client.write(data);
        });
        for (const [one, other] of [
          [client, peer],
          [peer, client],
        ] as const) {
          one.on("end", () => other.end());
          one.on("error", () => other.destroy());
        }
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      closers.push(() => server.close());
      return `127.0.0.1:${(server.address() as AddressInfo).port}`;
    },
    reset: () => {
      waits = [];
    },
    waitedMs: () => union(waits),
    close: () => {
      for (const close of closers) close();
    },
  };
};
