import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../functions/runtime/local/free-port.ts";
import { answersHealth } from "./answers-health.ts";
import { noteSecret, suiteEnvironment } from "./canary.ts";
import { eventually } from "./eventually.ts";
import { programPath } from "./program-path.ts";

const repository = new URL("../..", import.meta.url).pathname;

interface Options {
  readonly environment?: Readonly<Record<string, string>>;
  readonly port?: number;
  readonly dataDir?: string;
  readonly setupToken?: string;
  readonly args?: readonly string[];
  /** A command to run instead of the program itself, such as npm; it leads a process group of its own. */
  readonly command?: readonly [program: string, ...args: string[]];
}

const program = (): readonly [string, ...string[]] => [process.execPath, programPath("start")];

/** Its status after a signal that it obeys. */
const ASKED_TO_END: readonly (number | null)[] = [0, 130];

/** `npm start` as a child process; the canary records its output if the suite asks for it. */
export class RelaisProcess {
  readonly origin: string;
  readonly setupToken: string;
  readonly dataDir: string;
  readonly port: number;
  readonly #options: Options;
  readonly #ownsDataDir: boolean;
  #child: ChildProcess | undefined;
  #output = "";
  /** Whether the test wants it to end. */
  #ending = false;

  private constructor(options: Options, port: number) {
    this.#options = options;
    this.port = port;
    this.origin = `http://localhost:${port}`;
    this.setupToken = options.setupToken ?? `setup-${crypto.randomUUID()}${crypto.randomUUID()}`;
    this.#ownsDataDir = options.dataDir === undefined;
    this.dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), "relais-data-"));
    noteSecret("setup token", this.setupToken);
  }

  static async start(options: Options = {}): Promise<RelaisProcess> {
    const relais = new RelaisProcess(options, options.port ?? (await freePort()));
    await relais.up();
    return relais;
  }

  /** Starts (again) on the same port and data with these additional variables, and waits for `/health`. */
  async up(environment: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#output = "";
    this.#ending = false;
    const [command, ...args] = this.#options.command ?? program();
    const child = spawn(command, [...args, ...(this.#options.args ?? [])], {
      cwd: repository,
      detached: this.#options.command !== undefined,
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        ...suiteEnvironment(),
        PORT: String(this.port),
        RELAIS_PUBLIC_URL: this.origin,
        // Test files run side by side; those of the SMTP door choose a port.
        RELAIS_SMTP_PORT: "0",
        // Otherwise, each start asks git.
        RELAIS_COMMIT: "of-a-test",
        RELAIS_DATA_DIR: this.dataDir,
        RELAIS_SETUP_TOKEN: this.setupToken,
        ...this.#options.environment,
        ...environment,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    const take = (chunk: Buffer): void => {
      this.#output += chunk.toString();
    };
    child.stdout?.on("data", take);
    child.stderr?.on("data", take);
    await eventually("npm start answers /health", async () => {
      if (child.exitCode !== null) throw new Error(`npm start ended with ${child.exitCode}:\n${this.#output}`);
      return answersHealth(this.port);
    });
    // Otherwise, only some later request would fail, and nobody would know why.
    child.once("exit", (code, signal) => {
      if (this.#ending || ASKED_TO_END.includes(code)) return;
      console.error(`npm start ended by itself (${signal ?? code}):\n${this.#output.slice(-4_000)}`);
    });
  }

  get output(): string {
    return this.#output;
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error("not started");
    return this.#child.pid;
  }

  /** Sends a request and returns redirects instead of following them. */
  async request(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.origin}${path}`, { redirect: "manual", ...init });
  }

  /** Sends a request as an operator with the setup token; a body is sent as JSON. */
  async operate(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    return this.request(path, {
      method,
      headers: {
        Authorization: `Bearer ${this.setupToken}`,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  /** Stops reading its output, as if the reader of a pipe had ended. */
  closeOutput(): void {
    this.#child?.stdout?.destroy();
    this.#child?.stderr?.destroy();
  }

  /** Resolves with the exit status; null if a signal ended the process. */
  async ended(): Promise<number | null> {
    const child = this.#child;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) await once(child, "exit");
    return child?.exitCode ?? null;
  }

  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async stop(): Promise<number | null> {
    const code = await this.#end("SIGTERM");
    if (this.#ownsDataDir) rmSync(this.dataDir, { recursive: true, force: true });
    return code;
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    this.#ending = true;
    const exit = once(child, "exit");
    child.kill(signal);
    const [code] = await exit;
    return typeof code === "number" ? code : null;
  }
}
