import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Workers } from "./platform.ts";
import type { Worker } from "./worker.ts";

/**
 * How long a push waits for a worker, because what is accepted is published before the test knows its id. Nothing else
 * waits, since Pub/Sub's emulator pushes one message after the other, so a push that is held here holds up all others.
 */
const HELD_MS = 2_000;
/** How many pushes are remembered for a person who looks into a fault. */
const LATELY = 40;

/** The id of a message, or `tick`. */
const subjectOf = (body: string): string => {
  const { message }: { message: { data: string } } = JSON.parse(body);
  const { id = "tick" }: { id?: string } = JSON.parse(Buffer.from(message.data, "base64").toString());
  return id;
};

/**
 * The push endpoint of Pub/Sub's subscriptions. It hands every push twice, at once, to its process, and acknowledges it
 * if both copies were acknowledged; Pub/Sub delivers the rest again. Pushes about a message go to the worker that it
 * was assigned to, dead or alive.
 */
export class DoublingGate {
  readonly #server: Server;
  /** Maps a subject to its worker; undefined: it is treated like all others again. */
  readonly #led = new Map<string, Worker | undefined>();
  readonly #awaited = new Map<string, ((acknowledged: boolean) => void)[]>();
  #others: Workers | undefined;
  #lately: readonly string[] = [];

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

  /** Sends pushes about `subject` to this worker. Returns whether the next one was acknowledged. */
  lead(subject: string, worker: Worker): Promise<boolean> {
    this.#led.set(subject, worker);
    return new Promise((resolve) => {
      this.#awaited.set(subject, [...(this.#awaited.get(subject) ?? []), resolve]);
    });
  }

  /** Sends all pushes to these; with `undefined`, pushes that have no worker of their own are sent to nobody. */
  openTo(workers: Workers | undefined): void {
    if (workers !== undefined) for (const subject of this.#led.keys()) this.#led.set(subject, undefined);
    this.#others = workers;
  }

  /** The latest pushes, one a line: when and about what they came, and what became of them. */
  get lately(): string {
    return this.#lately.join("\n");
  }

  #note(about: string, what: string): void {
    this.#lately = [...this.#lately.slice(1 - LATELY), `${new Date().toISOString()} ${about}: ${what}`];
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
    const about = `${name} ${subject}`;
    this.#note(about, worker === undefined ? "no worker" : "pushed");
    if (worker === undefined) return void response.writeHead(503).end();
    const answers = await Promise.all([worker.post(body), worker.post(body)]);
    const acknowledged = answers.every((done) => done);
    this.#note(about, acknowledged ? "acknowledged" : "not acknowledged");
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
