import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../functions/runtime/local/free-port.ts";
import { noteSecret, suiteEnvironment } from "./canary.ts";
import { eventually } from "./eventually.ts";

const repository = new URL("../..", import.meta.url).pathname;

interface Options {
  readonly environment?: Readonly<Record<string, string>>;
  readonly port?: number;
  readonly dataDir?: string;
  readonly setupToken?: string;
  readonly args?: readonly string[];
  /** What is run instead of the program itself, such as npm; leads a process group of its own. */
  readonly command?: readonly [program: string, ...args: string[]];
}

const PROGRAM = [process.execPath, "functions/runtime/commands/start.ts"] as const;

/** `npm start` as a child process; what it lets out is noted for the canary where the suite asks for it. */
export class RelaisProcess {
  readonly origin: string;
  readonly setupToken: string;
  readonly dataDir: string;
  readonly port: number;
  readonly #options: Options;
  readonly #ownsDataDir: boolean;
  #child: ChildProcess | undefined;
  #output = "";

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

  /** Starts (again) on the same port and data, with these variables besides, and waits for `/health`. */
  async up(environment: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#output = "";
    const [program, ...args] = this.#options.command ?? PROGRAM;
    const child = spawn(program, [...args, ...(this.#options.args ?? [])], {
      cwd: repository,
      detached: this.#options.command !== undefined,
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        ...suiteEnvironment(),
        PORT: String(this.port),
        RELAIS_PUBLIC_URL: this.origin,
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
      try {
        return (await fetch(`${this.origin}/health`)).ok;
      } catch {
        return false;
      }
    });
  }

  get output(): string {
    return this.#output;
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error("not started");
    return this.#child.pid;
  }

  /** A request as a program or a test makes it; redirects are shown, not followed. */
  async request(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.origin}${path}`, { redirect: "manual", ...init });
  }

  /** As an operator, by the setup token; a body is sent as JSON. */
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

  /** Nobody reads on what it writes, as when the reader of a pipe has ended. */
  closeOutput(): void {
    this.#child?.stdout?.destroy();
    this.#child?.stderr?.destroy();
  }

  /** The exit status, once it has ended; null where a signal ended it. */
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
    const exit = once(child, "exit");
    child.kill(signal);
    const [code] = await exit;
    return typeof code === "number" ? code : null;
  }
}
