import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { acceptMessage } from "../../../functions/domain/messages/accept.ts";
import type { Message } from "../../../functions/domain/messages/message.ts";
import { HTTP_SIZE_LIMIT } from "../../../functions/domain/messages/message-input.ts";
import { compose, openEmbedded } from "../../../functions/runtime/compose.ts";
import { loadConfig } from "../../../functions/runtime/config.ts";
import { systemRandom } from "../../../functions/runtime/randomness.ts";
import type { System } from "../../../functions/runtime/system.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";
import { OPERATOR, SEND_ONLY } from "../../builders/mail-server.ts";
import { seedServers } from "../../builders/seeded-server.ts";
import { type GoogleSandbox, startGoogleSandbox } from "../../google-sandbox/sandbox.ts";
import { Worker } from "./worker.ts";

const root = join(import.meta.dirname, "../../..");

/** A minute takes a tenth of a second. */
const TIME_SCALE = "600";

/** One embedded store, one sandbox, and the functions as built: what every crash happens in. */
export class World {
  readonly system: System;
  readonly sandbox: GoogleSandbox;
  readonly #directory: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #store: ReturnType<ReturnType<typeof openEmbedded>>;
  #pushes = 0;

  private constructor(sandbox: GoogleSandbox, directory: string, environment: Readonly<Record<string, string>>) {
    this.sandbox = sandbox;
    this.#directory = directory;
    this.#environment = environment;
    const config = loadConfig(environment);
    const ground = { config, clock: systemClock(config.timeScale), random: systemRandom };
    const open = openEmbedded(ground);
    this.#store = open();
    this.system = compose(config, { component: "crash", embedded: open, write: () => undefined });
  }

  /** `source`: the repository that is built, this one unless a copy is to be shown to fail. */
  static async make(source = root): Promise<World> {
    const directory = mkdtempSync(join(tmpdir(), "relais-crash-"));
    const dist = join(directory, "dist");
    const built = spawnSync(process.execPath, [join(source, ".scripts/build.ts"), "--out", dist], { encoding: "utf8" });
    if (built.status !== 0) throw new Error(built.stderr);
    const sandbox = await startGoogleSandbox();
    return new World(sandbox, directory, {
      ...sandbox.environment,
      RELAIS_DATA_DIR: join(directory, "data"),
      RELAIS_TIME_SCALE: TIME_SCALE,
    });
  }

  file(name: string): string {
    return join(this.#directory, name);
  }

  /**
   * Mail servers by `smtp` (the sent mail may be searched) or by `gmail_api` under `gmail.send` alone (it may not). Several: each killed worker keeps a
   * place among the 8 claims of a server until its lease is over.
   */
  async seed(transport: "smtp" | "gmail_api", count: number): Promise<readonly string[]> {
    const ids = Array.from({ length: count }, (_, n) => `srv_${transport}_${n}`);
    const scopes = transport === "smtp" ? {} : { scopes: [SEND_ONLY] };
    await seedServers(this.system, this.sandbox, { ids, transport, ...scopes });
    return ids;
  }

  start(name: "deliver-mail" | "dispatch-due", kill: Readonly<Record<string, string>> = {}): Promise<Worker> {
    const ports = {
      [this.sandbox.smtp.port]: "smtp",
      [new URL(this.sandbox.origin).port]: "google",
    };
    const environment = { ...this.#environment, KILL_PORTS: JSON.stringify(ports), ...kill };
    return Worker.start(name, { dist: this.file("dist"), environment });
  }

  async accept(server: string, subject: string): Promise<string> {
    const json = { server, to: "b@example.org", subject, text: "Bonjour" };
    const submission = { principal: OPERATOR, json, idempotencyKey: null, sizeLimit: HTTP_SIZE_LIMIT };
    const accepted = await acceptMessage(this.system, submission);
    if (!accepted.ok || accepted.value.kind !== "accepted") throw new Error(JSON.stringify(accepted));
    return accepted.value.message.id;
  }

  async message(id: string): Promise<Message> {
    const found = await this.system.records.get("messages", id);
    if (found === undefined) throw new Error(`${id} is gone`);
    return found.value;
  }

  copies({ messageId }: Message): number {
    return this.sandbox.control.mails().filter((mail) => mail.messageId === messageId).length;
  }

  /** The doubling proxy: every event comes twice, at once. */
  async pushTwice(worker: Worker, data: unknown, attributes: Readonly<Record<string, string>>): Promise<boolean> {
    this.#pushes += 1;
    const id = String(this.#pushes);
    const answers = await Promise.all([worker.push(data, attributes, id), worker.push(data, attributes, id)]);
    return answers.every((acknowledged) => acknowledged);
  }

  deliver(worker: Worker, id: string): Promise<boolean> {
    return this.pushTwice(worker, { id }, { relais: "deliver" });
  }

  /** Everything that was published goes twice to the function that is subscribed to it, until nothing more is. */
  async drain(workers: { readonly deliver: Worker; readonly dispatch: Worker }): Promise<void> {
    const { queue } = await this.#store;
    for (let batch = queue.claim(16, 60_000); batch.length > 0; batch = queue.claim(16, 60_000)) {
      const pushed = batch.map(async ({ id, topic, message }) => {
        const worker = topic === "mail-send" ? workers.deliver : workers.dispatch;
        if (await this.pushTwice(worker, message.data, message.attributes)) queue.done(id);
        else queue.retry(id, 50);
      });
      await Promise.all(pushed);
    }
  }

  async close(): Promise<void> {
    (await this.#store).close();
    await this.sandbox.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
