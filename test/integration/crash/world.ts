import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { acceptMessage } from "../../../functions/domain/messages/accept/accept.ts";
import { HTTP_SIZE_LIMIT } from "../../../functions/domain/messages/accept/message-input.ts";
import type { Message } from "../../../functions/domain/messages/message.ts";
import type { Versioned } from "../../../functions/domain/records.ts";
import { compose } from "../../../functions/runtime/compose.ts";
import { loadConfig } from "../../../functions/runtime/config.ts";
import type { System } from "../../../functions/runtime/system.ts";
import { type BundleEdit, changedBundle } from "../../builders/changed-copy.ts";
import { OPERATOR, SEND_ONLY } from "../../builders/mail-server.ts";
import { seedServers } from "../../builders/seeded-server.ts";
import { type GoogleSandbox, startGoogleSandbox } from "../../google-sandbox/sandbox.ts";
import { embeddedPlatform } from "./embedded-platform.ts";
import { googlePlatform } from "./google-platform.ts";
import type { Events, Platform, Workers } from "./platform.ts";
import { Worker } from "./worker.ts";

const root = join(import.meta.dirname, "../../..");

export type Store = "embedded" | "google";
export type FunctionName = "deliver-mail" | "dispatch-due";

interface WorldOptions {
  readonly store?: Store;
  /** What is different in a function that must be shown to fail. */
  readonly edit?: BundleEdit;
}

const build = (dist: string): string => {
  const args = [join(root, "infra/build/build.ts"), "--out", dist, "deliver-mail", "dispatch-due"];
  const built = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (built.status !== 0) throw new Error(built.stderr);
  return dist;
};

interface Folders {
  readonly directory: string;
  /** Where the built functions are. */
  readonly dist: string;
}

/** One store, one sandbox, and the functions as built, for one run of the crash tests. */
export class World {
  readonly sandbox: GoogleSandbox;
  #platform: Platform;
  readonly #directory: string;
  readonly #dist: string;
  #accepted = 0;
  readonly #started: Promise<Worker>[] = [];
  #standing: Promise<Workers> | undefined;

  private constructor(sandbox: GoogleSandbox, { directory, dist }: Folders, platform: Platform) {
    this.sandbox = sandbox;
    this.#directory = directory;
    this.#dist = dist;
    this.#platform = platform;
  }

  static async make({ store = "embedded", edit }: WorldOptions = {}): Promise<World> {
    const directory = mkdtempSync(join(tmpdir(), "relais-crash-"));
    const built = process.env.RELAIS_TEST_DIST || build(join(directory, "dist"));
    const dist = edit === undefined ? built : changedBundle(built, join(directory, "changed"), edit);
    const sandbox = await startGoogleSandbox();
    const platform = store === "google" ? googlePlatform(sandbox) : embeddedPlatform(sandbox, directory);
    return new World(sandbox, { directory, dist }, await platform);
  }

  get events(): Events {
    return this.#platform.events;
  }

  get system(): System {
    return this.#platform.system;
  }

  get environment(): Readonly<Record<string, string>> {
    return this.#platform.environment;
  }

  get unwatchedHost(): string | null {
    return this.#platform.unwatchedHost;
  }

  file(name: string): string {
    return join(this.#directory, name);
  }

  /**
   * Mail servers by `smtp` (the sent mail may be searched) or by `gmail_api` with `gmail.send` alone (it may not).
   * Several are needed, because each killed worker occupies one of a server's 8 claims until its lease is over.
   */
  async seed(transport: "smtp" | "gmail_api", count: number, name: string = transport): Promise<readonly string[]> {
    const ids = Array.from({ length: count }, (_, n) => `srv_${name}_${n}`);
    const scopes = transport === "smtp" ? {} : { scopes: [SEND_ONLY] };
    await seedServers(this.system, this.sandbox, { ids, transport, ...scopes });
    return ids;
  }

  /** From now on, EHLO leaves these out: the dialogue with Gmail has other points then. */
  lack(extensions: readonly string[]): void {
    this.sandbox.control.set({ fault: "smtp_lacks", extensions: [...extensions] });
  }

  start(name: FunctionName, kill: Readonly<Record<string, string>> = {}): Promise<Worker> {
    const ports = {
      ...this.#platform.ports,
      [this.sandbox.smtp.port]: "smtp",
      [new URL(this.sandbox.origin).port]: "google",
    };
    const environment = {
      ...this.#platform.environment,
      // Each of a hundred workers would compile the same function once more.
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? this.file("compiled"),
      KILL_PORTS: JSON.stringify(ports),
      ...kill,
    };
    const worker = Worker.start(name, { dist: this.#dist, environment });
    this.#started.push(worker);
    return worker;
  }

  /** Two functions that nobody kills. */
  standing(): Promise<Workers> {
    this.#standing ??= Promise.all([this.start("deliver-mail"), this.start("dispatch-due")]).then(
      ([deliver, dispatch]) => ({ deliver, dispatch }),
    );
    return this.#standing;
  }

  /** The next two start without any memory of these. */
  async endStanding(): Promise<void> {
    const standing = await this.#standing;
    this.#standing = undefined;
    await Promise.all([standing?.deliver.kill(), standing?.dispatch.kill()]);
  }

  /** The functions that start from now on, and this process, are on another database of Firestore. */
  async useDatabase(id: string): Promise<void> {
    await this.endStanding();
    const environment = { ...this.environment, RELAIS_DATABASE: id };
    const system = compose(loadConfig(environment), { component: "crash", write: () => undefined });
    this.#platform = { ...this.#platform, environment, system };
  }

  async accept(server: string, { subject, recipients = 1 }: { subject: string; recipients?: number }): Promise<string> {
    const to = Array.from({ length: recipients }, (_, n) => `b${n}@example.org`);
    this.#accepted += 1;
    // Every other mail is one that its caller has composed, with an id of its own.
    const raw = Buffer.from(
      `To: ${to.join(", ")}\r\nSubject: ${subject}\r\nMessage-ID: <${this.#accepted}@erp.example.com>\r\n\r\nBonjour\r\n`,
    );
    const json = this.#accepted % 2 === 0 ? { server, raw } : { server, to, subject, text: "Bonjour" };
    const submission = { principal: OPERATOR, json, idempotencyKey: null, sizeLimit: HTTP_SIZE_LIMIT };
    const accepted = await acceptMessage(this.system, submission);
    if (!accepted.ok || accepted.value.kind !== "accepted") throw new Error(JSON.stringify(accepted));
    return accepted.value.message.id;
  }

  async record(id: string): Promise<Versioned<Message>> {
    const found = await this.system.records.get("messages", id);
    if (found === undefined) throw new Error(`${id} is gone`);
    return found;
  }

  async message(id: string): Promise<Message> {
    return (await this.record(id)).value;
  }

  /**
   * Makes time pass for one message alone: its lease ends, its next search is due, or neither for a long while. No
   * process may be working on it.
   */
  async setDue(id: string, dueAtMs: number): Promise<void> {
    for (;;) {
      const { value, version } = await this.record(id);
      if (value.dueAtMs === null) return;
      const moved = { op: "replace", kind: "messages", id, version, value: { ...value, dueAtMs } as Message } as const;
      if ((await this.system.records.commit([moved])).done) return;
    }
  }

  copies({ messageId }: Message): number {
    return this.sandbox.control.mails().filter((mail) => mail.messageId === messageId).length;
  }

  async close(): Promise<void> {
    const started = await Promise.allSettled(this.#started);
    await Promise.all(started.map((one) => (one.status === "fulfilled" ? one.value.kill() : undefined)));
    await this.#platform.close();
    await this.sandbox.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
