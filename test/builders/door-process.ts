import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../functions/runtime/local/free-port.ts";
import { suiteEnvironment } from "./canary.ts";
import { eventually } from "./eventually.ts";

const repository = join(import.meta.dirname, "../..");

/** The folder of the bundled program. The suite has built it already; a file that runs alone builds it. */
export const bundledDoor = (): { readonly folder: string; readonly remove: () => void } => {
  const shared = process.env.RELAIS_TEST_DIST;
  if (shared) return { folder: join(shared, "submission"), remove: () => undefined };
  const out = mkdtempSync(join(tmpdir(), "relais-door-dist-"));
  const args = [join(repository, "infra/build/build.ts"), "--out", out, "submission"];
  const built = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (built.status !== 0) throw new Error(built.stderr);
  return { folder: join(out, "submission"), remove: () => rmSync(out, { recursive: true }) };
};

/** `relais-smtp` as a program of its own, which can be killed and started again on the same port. */
export class DoorProcess {
  readonly port: number;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #program: string;
  #child: ChildProcess | undefined;
  #output = "";

  private constructor(port: number, environment: Readonly<Record<string, string>>, program: string) {
    this.port = port;
    this.#environment = environment;
    this.#program = program;
  }

  static async start(
    environment: Readonly<Record<string, string>>,
    program = join(repository, "functions/submission/relais-smtp.ts"),
  ): Promise<DoorProcess> {
    const door = new DoorProcess(await freePort(), environment, program);
    await door.up();
    return door;
  }

  get output(): string {
    return this.#output;
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error("not started");
    return this.#child.pid;
  }

  async up(): Promise<void> {
    this.#output = "";
    const child = spawn(process.execPath, [this.#program], {
      cwd: tmpdir(),
      env: {
        PATH: process.env.PATH,
        ...suiteEnvironment(),
        SMTP_LISTEN: `127.0.0.1:${this.port}`,
        ...this.#environment,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        this.#output += chunk.toString();
      });
    await eventually("relais-smtp is open", () => {
      if (child.exitCode !== null) throw new Error(`relais-smtp ended with ${child.exitCode}:\n${this.#output}`);
      return this.#output.includes("door_open");
    });
  }

  /** Returns the exit status; null if a signal ended the process. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const exit = once(child, "exit");
    child.kill(signal);
    const [code] = await exit;
    return typeof code === "number" ? code : null;
  }
}
