import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { acceptMessage as Accept } from "../../../functions/domain/messages/accept/accept.ts";
import { HTTP_SIZE_LIMIT } from "../../../functions/domain/messages/accept/message-input.ts";
import { Unavailable } from "../../../functions/domain/problem.ts";
import { OPERATOR } from "../../builders/mail-server.ts";
import type { GoogleSandbox } from "../../google-sandbox/sandbox.ts";
import type { Platform, Workers } from "../crash/platform.ts";
import { Worker } from "../crash/worker.ts";
import type { FunctionName } from "../crash/world.ts";
import { type Members, plant, stored } from "./later.ts";
import { REVIEWED } from "./next-release.ts";

/** A release: its sources, and its functions as built. */
export interface Release {
  readonly source: string;
  readonly dist: string;
}

export type Step = readonly [name: FunctionName, release: "earlier" | "later"];

/**
 * The order of roll-outs and roll-backs, first starting with the function that sends, then with the one that ticks; the
 * last roll-out is final.
 */
export const ALL_STEPS: readonly Step[] = [
  ["deliver-mail", "later"],
  ["dispatch-due", "later"],
  ["deliver-mail", "earlier"],
  ["dispatch-due", "earlier"],
  ["dispatch-due", "later"],
  ["deliver-mail", "later"],
  ["dispatch-due", "earlier"],
  ["deliver-mail", "earlier"],
  ["deliver-mail", "later"],
  ["dispatch-due", "later"],
];

interface Options {
  readonly platform: Platform;
  readonly sandbox: GoogleSandbox;
  readonly servers: readonly string[];
  readonly earlier: Release;
  readonly later: Release;
  /** How many mails are accepted around each exchange of a function. */
  readonly load: number;
  /** How many more processes are killed after each exchange. */
  readonly kills: number;
  /** The later release sets aside what has a tag (`next-release.ts`). */
  readonly setsAside: boolean;
  /** Which functions are exchanged, in this order; the last step of each must be the later release. */
  readonly steps?: readonly Step[];
  /** How long nothing ticks or looks after each tick and look; longer on a store that is slow to ask. */
  readonly restMs?: number;
}

export interface Outcome {
  readonly accepted: number;
  readonly setAside: number;
  /** Messages in doubt, because a process died over them after the mark. */
  readonly unknown: number;
  readonly killed: number;
  readonly faults: readonly string[];
}

/** So long no message may come to its end; on a machine that does much else, all of them take longer than this. */
const PATIENCE_MS = 90_000;

/** Like the pump of `npm start`: a store that others lock for a moment ends no loop. */
const unlessLocked = (error: unknown): void => {
  if (!(error instanceof Unavailable)) throw error;
};

/** Two releases on one store: their functions are exchanged one after the other under load, and killed on the way. */
export class TwoReleases {
  readonly #options: Options;
  readonly #workers = new Map<FunctionName, Worker>();
  readonly #at = new Map<FunctionName, Release>();
  /** The ids of all accepted messages, and of those that the later release accepted and gave its own members. */
  readonly #ids: string[] = [];
  readonly #ofLater = new Set<string>();
  readonly #setAside = new Set<string>();
  #killed = 0;

  constructor(options: Options) {
    this.#options = options;
  }

  async #put(name: FunctionName, release: Release): Promise<void> {
    const { platform } = this.#options;
    const environment = { ...platform.environment, KILL_PORTS: "{}" };
    // As on Cloud Run, the new process starts before the old one ends; this one ends in the middle of whatever it does.
    const next = await Worker.start(name, { dist: release.dist, environment });
    const before = this.#workers.get(name);
    this.#workers.set(name, next);
    this.#at.set(name, release);
    if (before === undefined || before.gone) return;
    await before.kill();
    this.#killed += 1;
  }

  #worker(name: FunctionName): Worker {
    const worker = this.#workers.get(name);
    assert.ok(worker);
    return worker;
  }

  /** Whichever process runs at the moment of the push. */
  #workersThen(): Workers {
    const worker = (name: FunctionName): Worker => this.#worker(name);
    return {
      get deliver() {
        return worker("deliver-mail");
      },
      get dispatch() {
        return worker("dispatch-due");
      },
    };
  }

  async #accept(release: Release, n: number, reviewed: boolean): Promise<void> {
    const { platform, servers, later } = this.#options;
    const file = join(release.source, "functions/domain/messages/accept/accept.ts");
    const { acceptMessage }: { readonly acceptMessage: typeof Accept } = await import(file);
    const server = servers[n % servers.length];
    const subject = `n ${this.#ids.length}`;
    // Every third is a mail that its caller has composed.
    const content =
      n % 3 === 2
        ? { raw: Buffer.from(`To: b@example.org\r\nSubject: ${subject}\r\n\r\nx\r\n`) }
        : { to: "b@example.org", subject, text: "x" };
    const json = { server, ...content, ...(reviewed && { tags: REVIEWED }) };
    const submission = { principal: OPERATOR, json, idempotencyKey: null, sizeLimit: HTTP_SIZE_LIMIT };
    const accepted = await acceptMessage(platform.system, submission);
    assert.ok(accepted.ok && accepted.value.kind === "accepted", JSON.stringify(accepted));
    this.#ids.push(accepted.value.message.id);
    if (release === later) this.#ofLater.add(accepted.value.message.id);
  }

  /** Runs ticks and events for both functions, whichever processes they are at the time. */
  async #turn(): Promise<void> {
    const { events } = this.#options.platform;
    const workers = this.#workersThen();
    await Promise.all([events.flow(workers), events.tick(workers.dispatch)]);
    // A loop without a pause would keep everyone else from the store.
    await delay(this.#options.restMs ?? 20);
  }

  #message(id: string): Promise<Members> {
    return stored(this.#options.platform.system, { kind: "messages", id });
  }

  async #open(): Promise<readonly string[]> {
    const found = await Promise.all(this.#ids.map(async (id) => ({ id, value: await this.#message(id) })));
    for (const { id, value } of found) if (value.status === "awaiting_approval") this.#setAside.add(id);
    // Whether a message in doubt is found in the sent mail is tested by the crash suite.
    const isOver = ({ status, approvedBy }: Members): boolean =>
      status === "sent" || status === "unknown" || (status === "awaiting_approval" && approvedBy === undefined);
    return found.filter(({ value }) => !isOver(value)).map(({ id }) => id);
  }

  async #load(): Promise<void> {
    const { load, earlier, later, setsAside } = this.#options;
    for (let n = 0; n < load; n += 1) {
      // What an earlier `deliver-mail` may claim, it sends: nobody has set it aside.
      const mayBeSetAside = setsAside && this.#at.get("deliver-mail") === later;
      await this.#accept(n % 2 === 0 ? earlier : later, n, mayBeSetAside && n % 3 === 0);
      await delay(5);
    }
  }

  async #kill(name: FunctionName): Promise<void> {
    const release = this.#at.get(name);
    assert.ok(release);
    await this.#worker(name).kill();
    this.#killed += 1;
    await this.#put(name, release);
  }

  /**
   * Mail comes in while one function is exchanged, whose process dies in the middle of it, and others die afterwards.
   */
  async #step([name, which]: Step, faults: string[]): Promise<void> {
    await Promise.all([this.#put(name, this.#options[which]), this.#load()]);
    for (let n = 0; n < this.#options.kills; n += 1) {
      await this.#load();
      await this.#kill(n % 2 === 0 ? "deliver-mail" : "dispatch-due");
    }
    await delay(100);
    await this.#open();
    await this.#checkSetAside(faults, `${name} is the ${which} one`);
  }

  async #untilOver(): Promise<void> {
    let last = { count: Number.POSITIVE_INFINITY, atMs: 0 };
    for (let open = await this.#open(); open.length > 0; open = await this.#open()) {
      const [first = ""] = open;
      if (open.length < last.count) last = { count: open.length, atMs: performance.now() };
      if (performance.now() > last.atMs + PATIENCE_MS)
        throw new Error(
          `${open.length} messages come to no end: ${JSON.stringify(await this.#message(first))}\n${this.#lastErrors()}`,
        );
      await delay(this.#options.restMs ?? 50);
    }
  }

  /** The last error that each process has logged. */
  #lastErrors(): string {
    const lines = [...this.#workers.values()].map(({ output }) =>
      output.split("\n").findLast((line) => line.includes('"severity":"ERROR"')),
    );
    return lines.filter((line) => line !== undefined).join("\n");
  }

  #copies({ messageId }: Members): number {
    return this.#options.sandbox.control.mails().filter((mail) => mail.messageId === messageId).length;
  }

  /** What was set aside stays as it was written, unsent, whatever runs. */
  async #checkSetAside(faults: string[], where: string): Promise<void> {
    for (const id of this.#setAside) {
      const value = await this.#message(id);
      if (value.status === "awaiting_approval" && this.#copies(value) > 0) faults.push(`${where}: ${id} was sent`);
      if (value.status !== "awaiting_approval" && value.approvedBy === undefined)
        faults.push(`${where}: ${id} was moved to ${value.status}`);
    }
  }

  async #approve(which: (n: number) => boolean): Promise<void> {
    const { system } = this.#options.platform;
    for (const [n, id] of [...this.#setAside].entries()) {
      const value = await this.#message(id);
      if (value.status === "awaiting_approval" && which(n))
        await plant(system, { kind: "messages", id }, { ...value, approvedBy: "olga", dueAtMs: 1 });
    }
  }

  async #checkAll(faults: string[]): Promise<number> {
    let unknown = 0;
    for (const id of this.#ids) {
      const value = await this.#message(id);
      const copies = this.#copies(value);
      if (copies > 1) faults.push(`${id} was sent ${copies} times`);
      if (value.status === "sent" && copies !== 1) faults.push(`${id} is sent, and ${copies} copies of it arrived`);
      if (value.status === "unknown") unknown += 1;
      else if (value.status !== "sent") faults.push(`${id} is ${value.status}`);
      if (!this.#options.setsAside || !this.#ofLater.has(id)) continue;
      if (value.campaignId !== "cmp_0007") faults.push(`${id} has lost its campaign`);
      const [recipient] = value.recipients as readonly Members[];
      if (recipient?.approver !== "olga") faults.push(`${id} has lost its approver`);
    }
    return unknown;
  }

  async #exchangeAll(faults: string[]): Promise<void> {
    const { setsAside, steps = ALL_STEPS } = this.#options;
    for (const [n, step] of steps.entries()) {
      await this.#step(step, faults);
      // Any process may run by now, but only the later release may resume what was approved.
      if (setsAside) await this.#approve((at) => at % 3 === n % 3 && at % 2 === 0);
    }
    await this.#untilOver();
    if (!setsAside) return;
    assert.ok(this.#setAside.size > 0, "something was set aside");
    await this.#approve(() => true);
    await this.#untilOver();
  }

  /** Rolls the later release out and back in both orders, under load all the time. */
  async run(): Promise<Outcome> {
    const { earlier } = this.#options;
    const faults: string[] = [];
    await Promise.all([this.#put("deliver-mail", earlier), this.#put("dispatch-due", earlier)]);
    let running = true;
    const turns = (async () => {
      while (running) await this.#turn().catch(unlessLocked);
    })();
    try {
      await this.#exchangeAll(faults);
    } finally {
      running = false;
      await turns;
    }
    const unknown = await this.#checkAll(faults);
    return { accepted: this.#ids.length, setAside: this.#setAside.size, unknown, killed: this.#killed, faults };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.kill()));
  }
}
