import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

/** `npm run deploy` as a process of its own, beside the stand-ins, and Hosting at an https origin of this machine. */
export class Deployment {
  readonly standIns: StandIns;
  readonly url: string;
  readonly #folder: string;
  readonly #hosting: Server;
  #deployed: Cloud | null = null;

  private constructor(standIns: StandIns, hosting: Server, folder: string, url: string) {
    this.standIns = standIns;
    this.#hosting = hosting;
    this.#folder = folder;
    this.url = url;
  }

  static async start(): Promise<Deployment> {
    const folder = mkdtempSync(join(tmpdir(), "relais-deployment-"));
    mkdirSync(join(folder, "dist/console"), { recursive: true });
    writeFileSync(join(folder, "dist/console/index.html"), "<!doctype html>");
    const { ca, certificate, key } = issueCertificates();
    writeFileSync(join(folder, "ca.pem"), ca);
    const standIns = await StandIns.start(readyProject());
    const hosting = createServer({ cert: certificate, key }, (req, res) => {
      const token = (req.headers.authorization ?? "").replace("Bearer ", "");
      const [status, body] = answer(standIns.cloud, req.url ?? "", token);
      res.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => hosting.listen(0, "127.0.0.1", resolve));
    const address = hosting.address();
    const port = typeof address === "object" ? address?.port : 0;
    return new Deployment(standIns, hosting, folder, `https://localhost:${port}`);
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

  #start(args: readonly string[], onChange: (command: string, kill: () => void) => void): Promise<Ended> {
    const program = join(root, "functions/runtime/commands/deploy.ts");
    const all = ["--project", this.cloud.project, "--dist", join(this.#folder, "dist"), "--watch", "0", ...args];
    const env = { ...this.standIns.environment(), NODE_EXTRA_CA_CERTS: join(this.#folder, "ca.pem") };
    this.standIns.rewind();
    return new Promise((resolve) => {
      const child = spawn(process.execPath, [program, ...all], { env, stdio: ["ignore", "pipe", "pipe"] });
      this.standIns.onChange = (command) => onChange(command, () => void child.kill("SIGKILL"));
      let output = "";
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (output += part));
      child.on("close", (status, signal) => resolve({ status, signal, output }));
    });
  }

  async close(): Promise<void> {
    this.#hosting.closeAllConnections();
    await new Promise((resolve) => this.#hosting.close(resolve));
    await this.standIns.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
