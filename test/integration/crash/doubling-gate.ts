import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Workers } from "./ground.ts";
import type { Worker } from "./worker.ts";

/**
 * How long a push waits for somebody to take it: what is accepted is published before the test knows its id. No other waits, since Pub/Sub's emulator
 * pushes one after the other, and what is held here would hold up all the rest.
 */
const HELD_MS = 2_000;

/** A message's id, or `tick`. */
const subjectOf = (body: string): string => {
  const { message }: { message: { data: string } } = JSON.parse(body);
  const { id = "tick" }: { id?: string } = JSON.parse(Buffer.from(message.data, "base64").toString());
  return id;
};

/**
 * The push endpoint of Pub/Sub's subscriptions. Hands every push twice, at once, to the process that is to have it, and acknowledges what both copies
 * were acknowledged of; Pub/Sub delivers the rest again. Pushes about a message go to the worker that it was given, dead or alive.
 */
export class DoublingGate {
  readonly #server: Server;
  /** By subject; undefined: it is like all others again. */
  readonly #led = new Map<string, Worker | undefined>();
  readonly #awaited = new Map<string, ((acknowledged: boolean) => void)[]>();
  #others: Workers | undefined;

  private constructor() {
    this.#server = createServer((request, response) => void this.#take(request, response));
  }

  static async open(): Promise<DoublingGate> {
    const gate = new DoublingGate();
    gate.#server.listen(0, "127.0.0.1");
    await once(gate.#server, "listening");
    return gate;
  }

  endpointOf(name: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${name}`;
  }

  /** Pushes about `subject` go to this worker; answers what became of the next one. */
  lead(subject: string, worker: Worker): Promise<boolean> {
    this.#led.set(subject, worker);
    return new Promise((resolve) => {
      this.#awaited.set(subject, [...(this.#awaited.get(subject) ?? []), resolve]);
    });
  }

  /** All go to these; with `undefined` those that are given to nobody else go to nobody. */
  openTo(workers: Workers | undefined): void {
    if (workers !== undefined) for (const subject of this.#led.keys()) this.#led.set(subject, undefined);
    this.#others = workers;
  }

  #workerFor(name: string, subject: string): Worker | undefined {
    return this.#led.get(subject) ?? (name === "deliver-mail" ? this.#others?.deliver : this.#others?.dispatch);
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await request.toArray()).toString();
    const name = request.url?.slice(1) ?? "";
    const subject = subjectOf(body);
    const endsAtMs = Date.now() + HELD_MS;
    while (!this.#led.has(subject) && this.#others === undefined && Date.now() < endsAtMs) await delay(5);
    const worker = this.#workerFor(name, subject);
    if (worker === undefined) return void response.writeHead(503).end();
    const answers = await Promise.all([worker.post(body), worker.post(body)]);
    const acknowledged = answers.every((done) => done);
    response.writeHead(acknowledged ? 204 : 502).end();
    for (const tell of this.#awaited.get(subject) ?? []) tell(acknowledged);
    this.#awaited.delete(subject);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
