import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/**
 * Stands between Firestore's emulator, which knows one address for the triggers of all projects, and the processes that
 * take documents: a trigger's name ends with the port that its events go to. As Eventarc does, and the emulator does
 * not, it sends an event again until it is acknowledged.
 */
export interface TriggerRelay {
  /** `host:port` for the emulator. */
  readonly host: string;
  close(): Promise<void>;
}

interface Event {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

const PORT = /\/triggers\/[\w-]*-(\d+)$/;
const TRIES = 100;

/** Sends an event to a function on this machine, and returns the status; 0 if nobody answers. */
export const sendEvent = (port: number, { path, headers, body }: Event): Promise<number> =>
  new Promise((resolve) => {
    const outgoing = request({ host: "127.0.0.1", port, method: "POST", path, headers, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    outgoing.on("error", () => resolve(0));
    outgoing.end(body);
  });

/** Reads an event as the emulator sends it. */
export const receiveEvent = async (incoming: IncomingMessage): Promise<Event> => {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part);
  return { path: incoming.url ?? "/", headers: incoming.headers, body: Buffer.concat(parts) };
};

export const startTriggerRelay = async (): Promise<TriggerRelay> => {
  let open = true;
  const deliver = async (event: Event): Promise<void> => {
    const port = Number(PORT.exec(event.path)?.[1]);
    for (let tries = 0; open && tries < TRIES && port > 0; tries += 1) {
      const status = await sendEvent(port, event);
      if (status >= 200 && status < 300) return;
      await delay(Math.min(50 * 2 ** tries, 1_000), undefined, { ref: false });
    }
  };
  const server = createServer(async (incoming, response) => {
    const event = await receiveEvent(incoming);
    response.writeHead(200).end();
    void deliver(event);
  }).listen(0, "127.0.0.1");
  server.unref();
  await once(server, "listening");
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      open = false;
      server.closeAllConnections();
      server.close();
    },
  };
};
