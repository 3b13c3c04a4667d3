import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { runDeployCommand } from "../../../functions/runtime/commands/deploy/command.ts";
import type { Ran, Tools } from "../../../functions/runtime/commands/deploy/tools.ts";
import { issueCertificates } from "../../google-sandbox/certificates.ts";
import { type Cloud, readyProject, releaseOf } from "./cloud.ts";
import { StandIns } from "./stand-ins.ts";

const root = join(import.meta.dirname, "../../..");

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

/** What Hosting and the functions answer to the smoke test, from the model. */
const answer = (cloud: Cloud, path: string, token: string): readonly [number, unknown] => {
  const service = Object.entries(cloud.services).find(([name]) => name.endsWith("mail-servers"))?.[1];
  if (service === undefined || cloud.console.off || cloud.console.live === null) return [404, {}];
  if (service.invokerCheck && !service.members.includes("allUsers")) return [403, {}];
  if (path === "/health") return [200, { version: "0.1.0", commit: releaseOf(service) }];
  if (token !== cloud.secrets["relais-setup-token"]?.at(-1)) return [401, {}];
  if (path === "/v1/doctor") return [200, { ok: false, checks: [{ id: "oauth_client", ok: false }] }];
  return [202, { id: "msg_1", status: "sent" }];
};

/** Traffic of functions that is exchanged like that of others. */
const LIKE_OTHERS = /update-traffic (dispatch-due|refresh-tokens|mail-servers|confirm-callback) /;

/**
 * How a run is made: as the program that people start, killed by a signal; or in this process, where one that is killed
 * never hears an answer again, at a tenth of the cost.
 */
export type Way = "program" | "here";

interface Started {
  readonly standIns: StandIns;
  readonly hosting: Server;
  readonly folder: string;
  readonly url: string;
  readonly way: Way;
  readonly ca: string;
}

type OnChange = (command: string, kill: () => void) => void;

const ORDINARY = getCACertificates("default");
const trusted = new Set<string>();

/** Other files share this process, and would find a certificate of a test's own where they expect none. */
const trust = (ca: string, isTrusted: boolean): void => {
  if (isTrusted) trusted.add(ca);
  else trusted.delete(ca);
  setDefaultCACertificates([...ORDINARY, ...trusted]);
};

/** `npm run deploy` beside the stand-ins, and Hosting at an https origin of this machine. */
export class Deployment {
  readonly standIns: StandIns;
  readonly url: string;
  readonly #folder: string;
  readonly #hosting: Server;
  readonly #way: Way;
  readonly #ca: string;
  #deployed: Cloud | null = null;

  private constructor({ standIns, hosting, folder, url, way, ca }: Started) {
    this.standIns = standIns;
    this.#ca = ca;
    this.#hosting = hosting;
    this.#folder = folder;
    this.url = url;
    this.#way = way;
  }

  static async start(way: Way = "here"): Promise<Deployment> {
    const folder = mkdtempSync(join(tmpdir(), "relais-deployment-"));
    mkdirSync(join(folder, "dist/console"), { recursive: true });
    writeFileSync(join(folder, "dist/console/index.html"), "<!doctype html>");
    const { ca, certificate, key } = issueCertificates();
    writeFileSync(join(folder, "ca.pem"), ca);
    if (way === "here") trust(ca, true);
    const standIns = await StandIns.start(readyProject());
    const hosting = createServer({ cert: certificate, key }, (req, res) => {
      const token = (req.headers.authorization ?? "").replace("Bearer ", "");
      const [status, body] = answer(standIns.cloud, req.url ?? "", token);
      res.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => hosting.listen(0, "127.0.0.1", resolve));
    const address = hosting.address();
    const port = typeof address === "object" ? address?.port : 0;
    return new Deployment({ standIns, hosting, folder, url: `https://localhost:${port}`, way, ca });
  }

  get cloud(): Cloud {
    return this.standIns.cloud;
  }

  /** What is in the cloud, without the note of the way back: of first deployments, only interrupted ones have it. */
  state(): Cloud {
    const state = structuredClone(this.cloud);
    for (const { objects } of Object.values(state.buckets))
      for (const name of Object.keys(objects)) if (name.endsWith("/rollout.json")) delete objects[name];
    return state;
  }

  /**
   * Runs again and again, each time killed at the first change at which no run was killed before, until a run comes to
   * its end. Returns these changes. Of what is done to each function, it kills the first, a middle and the last one.
   */
  async killedAtEachStep(...args: readonly string[]): Promise<readonly string[]> {
    const killedAt: string[] = [];
    for (;;) {
      const { signal, status, output } = await this.#start(args, (command, kill) => {
        if (killedAt.includes(command) || LIKE_OTHERS.test(command)) return;
        killedAt.push(command);
        kill();
      });
      if (signal === "SIGKILL") continue;
      if (status !== 0) throw new Error(output);
      return killedAt;
    }
  }

  /** A new project, with a name of its own: its folder in `dist/deploy/` belongs to this test. */
  newProject(changes: Partial<Cloud> = {}): Cloud {
    this.standIns.cloud = { ...readyProject(), ...changes };
    this.standIns.rewind();
    this.standIns.onChange = () => undefined;
    return this.cloud;
  }

  /** A project with a first deployment. It is made once, because each run takes a second. */
  async deployedProject(): Promise<Cloud> {
    if (this.#deployed === null) {
      this.newProject();
      const { status, output } = await this.first();
      if (status !== 0) throw new Error(output);
      this.#deployed = structuredClone(this.cloud);
    }
    return this.newProject(structuredClone(this.#deployed));
  }

  /** Runs with the usual arguments of a first deployment, or with `args` alone. */
  first(...more: readonly string[]): Promise<Ended> {
    return this.run("--url", this.url, "--operator", "ada@example.com", ...more);
  }

  run(...args: readonly string[]): Promise<Ended> {
    return this.#start(args, () => undefined);
  }

  /** A first deployment as the program that people start, killed after this many changes if it gets so far. */
  firstAsProgram(killAfter = Number.POSITIVE_INFINITY): Promise<Ended> {
    let changes = 0;
    return this.#program(this.#withFolder(["--url", this.url, "--operator", "ada@example.com"]), (_, kill) => {
      changes += 1;
      if (changes === killAfter) kill();
    });
  }

  #start(args: readonly string[], onChange: OnChange): Promise<Ended> {
    const all = this.#withFolder(args);
    return this.#way === "program" ? this.#program(all, onChange) : this.#here(all, onChange);
  }

  #withFolder(args: readonly string[]): readonly string[] {
    this.standIns.rewind();
    return ["--project", this.cloud.project, "--dist", join(this.#folder, "dist"), "--watch", "0", ...args];
  }

  #program(args: readonly string[], onChange: OnChange): Promise<Ended> {
    const program = join(root, "functions/runtime/commands/deploy.ts");
    const env = { ...this.standIns.environment(), NODE_EXTRA_CA_CERTS: join(this.#folder, "ca.pem") };
    return new Promise((resolve) => {
      const child = spawn(process.execPath, [program, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
      this.standIns.onChange = (command) => onChange(command, () => void child.kill("SIGKILL"));
      let output = "";
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (output += part));
      child.on("close", (status, signal) => resolve({ status, signal, output }));
    });
  }

  #here(args: readonly string[], onChange: OnChange): Promise<Ended> {
    const { promise, resolve } = Promise.withResolvers<Ended>();
    let output = "";
    let alive = true;
    const say = (line: string): void => {
      output += `${line}\n`;
    };
    const kill = (): void => {
      alive = false;
      resolve({ status: null, signal: "SIGKILL", output });
    };
    const dead = new Promise<Ran>(() => undefined);
    const { standIns } = this;
    standIns.onChange = (command) => onChange(command, kill);
    const tools: Tools = {
      run: async (...asked) => {
        if (!alive) return dead;
        const ran = await standIns.tools.run(...asked);
        return alive ? ran : dead;
      },
    };
    const surroundings = { tools, root, say, wait: async () => undefined };
    void runDeployCommand(surroundings, { args, complain: say }).then((status) =>
      resolve({ status, signal: null, output }),
    );
    return promise;
  }

  async close(): Promise<void> {
    trust(this.#ca, false);
    this.#hosting.closeAllConnections();
    await new Promise((resolve) => this.#hosting.close(resolve));
    await this.standIns.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
