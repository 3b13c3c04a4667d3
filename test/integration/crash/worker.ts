import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { freePort } from "../../../functions/runtime/local/free-port.ts";
import { answersHealth } from "../../builders/answers-health.ts";
import { eventually } from "../../builders/eventually.ts";
import { programPath } from "../../builders/program-path.ts";

const root = join(import.meta.dirname, "../../..");
export interface WorkerOptions {
  /** The folder in which `npm run build -- --out` put the functions. */
  readonly dist: string;
  readonly environment: Readonly<Record<string, string>>;
}

interface Push {
  readonly data: unknown;
  readonly attributes: Readonly<Record<string, string>>;
  readonly messageId: string;
  /** Counts from 1. */
  readonly deliveryAttempt: number;
}

/** A built function under functions-framework, in its own process, which can be killed at a named point. */
export class Worker {
  readonly #child: ChildProcess;
  readonly #url: string;
  #output = "";

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.#url = url;
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (part) => (this.#output += part));
  }

  static async start(name: string, { dist, environment }: WorkerOptions): Promise<Worker> {
    const port = await freePort();
    const args = [`--source=${join(dist, name)}`, `--target=${name}`, `--port=${port}`];
    const { PATH, NODE_COMPILE_CACHE } = process.env;
    const env = { PATH, NODE_COMPILE_CACHE, NODE_ENV: "production", PORT: String(port), ...environment };
    const child = spawn(
      process.execPath,
      ["--import", pathToFileURL(programPath("kill-points")).href, programPath("functions-framework"), ...args],
      { env, cwd: root },
    );
    const worker = new Worker(child, `http://127.0.0.1:${port}`);
    await eventually(`${name} answers`, async () => {
      if (worker.gone) throw new Error(`${name} ended:\n${worker.#output}`);
      return answersHealth(port);
    });
    return worker;
  }

  get gone(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  get output(): string {
    return this.#output;
  }

  /** Makes one push, as Pub/Sub does. Returns whether it was acknowledged. */
  push({ data, attributes, messageId, deliveryAttempt }: Push): Promise<boolean> {
    const message = { messageId, attributes, data: Buffer.from(JSON.stringify(data)).toString("base64") };
    return this.post(JSON.stringify({ message, deliveryAttempt, subscription: "projects/p/subscriptions/s" }));
  }

  /** Forwards a push's envelope as it came. A worker that is gone accepts nothing, even if another has its port now. */
  async post(body: string): Promise<boolean> {
    if (this.gone) return false;
    try {
      const answer = await fetch(this.#url, { method: "POST", headers: { "Content-Type": "application/json" }, body });
      return answer.ok;
    } catch {
      return false;
    }
  }

  async killed(): Promise<void> {
    if (!this.gone) await once(this.#child, "exit");
  }

  /** Lets it finish, and keep what it has compiled for the next ones. */
  async end(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.killed();
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.killed();
  }
}

export const linesOf = (path: string): string[] => readFileSync(path, "utf8").trim().split("\n");
