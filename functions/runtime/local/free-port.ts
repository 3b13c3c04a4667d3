import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Below the range that systems use for arbitrary ports (from 32768 on Linux), so that no one else gets it first, and
 * above the last port that browsers and `fetch` refuse (10080, fetch.spec.whatwg.org/#port-blocking).
 */
const FIRST = 10_081;
const COUNT = 22_000;

const offset = Math.floor(Math.random() * COUNT);
let offered = 0;

const isFree = async (port: number): Promise<boolean> => {
  const server = createServer();
  const listening = once(server, "listening").then(
    () => true,
    () => false,
  );
  // Listening on every address also fails if another program listens on only one.
  server.listen({ port, exclusive: true });
  if (!(await listening)) return false;
  server.close();
  await once(server, "close");
  return true;
};

/**
 * Returns a port for a process that starts on it, and may restart on it after a kill. Each process searches from a
 * random place, because test files run side by side and must not get a port that another is about to use.
 */
export const freePort = async (): Promise<number> => {
  for (let tries = 0; tries < COUNT; tries += 1) {
    const port = FIRST + ((offset + offered) % COUNT);
    offered += 1;
    if (await isFree(port)) return port;
  }
  throw new Error("no port is free");
};
