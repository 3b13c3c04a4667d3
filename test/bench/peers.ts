import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";

/** Counts the time during which a process waits for any of its peers, whatever they speak. */
export interface Peers {
  /** `host:port` of what stands before a peer and hands every byte on. */
  before(host: string): Promise<string>;
  /** Milliseconds so far in which one request at least had been sent and not yet answered. */
  waitedMs(): number;
  close(): void;
}

export const watchPeers = (): Peers => {
  const closers: (() => void)[] = [];
  let waiting = 0;
  let since = 0;
  let total = 0;
  const asked = (): void => {
    if (waiting++ === 0) since = performance.now();
  };
  const answered = (): void => {
    if (--waiting === 0) total += performance.now() - since;
  };
  return {
    before: async (host) => {
      const { hostname, port } = new URL(`tcp://${host}`);
      const server = createServer((client) => {
        const peer = connect(Number(port), hostname);
        // TLS to SMTP begins with the client, so that the 100 ms before the greeting count as a wait too.
        let pending = false;
        const settle = (): void => {
          if (pending) answered();
          pending = false;
        };
        client.on("data", (data) => {
          if (!pending) asked();
          pending = true;
          peer.write(data);
        });
        peer.on("data", (data) => {
          settle();
          client.write(data);
        });
        for (const [one, other] of [
          [client, peer],
          [peer, client],
        ] as const) {
          one.on("end", () => other.end());
          one.on("error", () => other.destroy());
          one.on("close", settle);
        }
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      closers.push(() => server.close());
      return `127.0.0.1:${(server.address() as AddressInfo).port}`;
    },
    waitedMs: () => total + (waiting > 0 ? performance.now() - since : 0),
    close: () => {
      for (const close of closers) close();
    },
  };
};
