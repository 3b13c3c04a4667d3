import { once } from "node:events";
import { createServer } from "node:net";

/** Below what systems give to whoever asks for any port (Linux: from 32768 on), so that nobody is given this one before it is listened at. */
const FIRST = 10_000;
const COUNT = 22_000;

const offset = Math.floor(Math.random() * COUNT);
let given = 0;

const isFree = async (port: number): Promise<boolean> => {
  const server = createServer();
  const listening = once(server, "listening").then(
    () => true,
    () => false,
  );
  // On every address, which fails too where somebody listens at one of them.
  server.listen({ port, exclusive: true });
  if (!(await listening)) return false;
  server.close();
  await once(server, "close");
  return true;
};

/**
 * A port for a process that is started with it, and for that process again after it was killed. One after the other from a place of this process's own:
 * test files run side by side, and none may be given what another is about to listen at.
 */
export const freePort = async (): Promise<number> => {
  for (let tries = 0; tries < COUNT; tries += 1) {
    const port = FIRST + ((offset + given) % COUNT);
    given += 1;
    if (await isFree(port)) return port;
  }
  throw new Error("no port is free");
};
