import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { freePort } from "../../../functions/runtime/local/free-port.ts";
import { answersHealth } from "../../builders/answers-health.ts";
import { eventually } from "../../builders/eventually.ts";
import { programPath } from "../../builders/program-path.ts";

const root = join(import.meta.dirname, "../../..");

type Command = readonly [program: string, ...args: string[]];
const BARE: Command = [process.execPath, programPath("start")];
/** As people start it: from its sources, after a build that leaves a console alone that is up to date. */
const BY_NPM: Command = ["npm", "start", "--ignore-scripts", "--silent"];

const COMPILED = join(root, "node_modules/.cache/compiled");

class Start {
  readonly child: ChildProcess;
  output = "";

  constructor(env: Readonly<Record<string, string>>, args: readonly string[] = [], command: Command = BARE) {
    this.child = spawn(command[0], [...command.slice(1), ...args], {
      cwd: root,
      env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, ...env },
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on("data", (chunk) => {
        this.output += chunk;
      });
    }
  }

  async up(port: number): Promise<this> {
    await eventually("/health answers 200", async () => {
      assert.equal(this.child.exitCode, null, this.output);
      return answersHealth(port);
    });
    // They come by another way than that answer, and may be read after it.
    await eventually("the first lines", () => this.output.includes("Mail goes"));
    return this;
  }

  async ended(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, "close");
    return this.child.exitCode;
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal);
    return this.ended();
  }

  get setupToken(): string {
    return /#setup=([\w-]+)/.exec(this.output)?.[1] ?? "";
  }
}

describe("npm start", () => {
  let dataDir: string;
  let port: number;
  const started: Start[] = [];
  const start = (env: Readonly<Record<string, string>> = {}, args: readonly string[] = []): Start => {
    const made = new Start({ PORT: String(port), RELAIS_DATA_DIR: dataDir, RELAIS_SMTP_PORT: "0", ...env }, args);
    started.push(made);
    return made;
  };

  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), "relais-start-"));
    port = await freePort();
  });
  afterEach(async () => {
    await Promise.all(started.splice(0).map((one) => one.end("SIGKILL")));
    rmSync(dataDir, { recursive: true });
  });

  const statusWith = async (token: string): Promise<number> =>
    (await fetch(`http://localhost:${port}/v1/session`, { headers: { Authorization: `Bearer ${token}` } })).status;

  it("says where everything is and what runs, exits in order on both signals, and keeps its setup token", async () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const health = async () => (await fetch(`http://localhost:${port}/health`)).json();
    const relais = await start().up(port);
    const first = relais.output.split("\n").slice(0, 10).join("\n");
    assert.match(first, new RegExp(`Console +http://localhost:${port}/#setup=`));
    assert.match(first, /Mailbox +http:\/\/127\.0\.0\.1:\d+\/mailbox/);
    assert.match(first, /nothing leaves this machine/);
    const mailbox = /Mailbox +(\S+)/.exec(first)?.[1] ?? "";
    assert.equal((await fetch(mailbox)).status, 200);
    const file = /OAuth client (\S+)/.exec(first)?.[1] ?? "";
    const client = JSON.parse(readFileSync(file, "utf8"));
    assert.deepEqual(client.web.redirect_uris, [`http://localhost:${port}/google_gmail/confirm`]);
    assert.equal(await statusWith(relais.setupToken), 200);

    const { commit, ...rest } = await health();
    assert.deepEqual(rest, { version });
    // A copy of the sources may have no repository.
    assert.match(commit, /^([0-9a-f]{40,64}(-dirty)?|unknown)$/);
    assert.match(relais.output, new RegExp(`Version +${version}, commit ${commit}`));

    await leavesAlone(relais);
    assert.equal(await relais.end("SIGTERM"), 0, relais.output);
    const second = await start({ RELAIS_COMMIT: "v1.2.3-4" }).up(port);
    assert.deepEqual(await health(), { version, commit: "v1.2.3-4" });
    assert.equal(second.setupToken, relais.setupToken);
    assert.notEqual(second.setupToken, "");
    assert.equal(statSync(join(dataDir, "setup-token")).mode & 0o777, 0o600);
    assert.equal(await statusWith(relais.setupToken), 200);
    assert.equal(await second.end("SIGINT"), 0, second.output);
  });

  /** Another one says so if the port or the data directory is in use. */
  const leavesAlone = async (relais: Start): Promise<void> => {
    const samePort = start({ RELAIS_DATA_DIR: `${dataDir}-other` });
    assert.equal(await samePort.ended(), 1);
    assert.match(samePort.output, new RegExp(`Port ${port} is taken`));
    assert.doesNotMatch(samePort.output, /\n\s+at /);
    const sameData = start({ PORT: String(await freePort()) });
    assert.equal(await sameData.ended(), 1);
    assert.match(sameData.output, /in use by another Relais/);
    assert.equal(await statusWith(relais.setupToken), 200);
  };

  it("exits in order when npm is told to stop, and leaves no process behind", async () => {
    const environment = { PORT: String(port), RELAIS_DATA_DIR: dataDir, RELAIS_SMTP_PORT: "0", NODE_COMPILE_CACHE: "" };
    const relais = new Start(environment, [], BY_NPM);
    started.push(relais);
    await relais.up(port);
    assert.equal(await relais.end("SIGTERM"), 0, relais.output);
    assert.notEqual(readdirSync(COMPILED).length, 0, "the next start reads what this one has compiled");
    await assert.rejects(fetch(`http://localhost:${port}/health`));
  });

  it("reports every mistake of the configuration, without a stack", async () => {
    const relais = start({ RELAIS_STORE: "mysql", RELAIS_RETENTION_DAYS: "0", RELAIS_TIME_SCALE: "zero" });
    assert.equal(await relais.ended(), 1);
    assert.match(relais.output, /RELAIS_STORE/);
    assert.match(relais.output, /RELAIS_RETENTION_DAYS/);
    assert.match(relais.output, /RELAIS_TIME_SCALE/);
    assert.doesNotMatch(relais.output, /\n\s+at /);
  });

  it("says so if the data directory is not one", async () => {
    const file = join(dataDir, "file");
    writeFileSync(file, "");
    const relais = start({ RELAIS_DATA_DIR: join(file, "data") });
    assert.equal(await relais.ended(), 1);
    assert.match(relais.output, /^RELAIS_DATA_DIR: .+ is not a writable folder/);
    assert.doesNotMatch(relais.output, /\n\s+at /);
  });

  it("starts no sandbox if an endpoint is given, and does not print a given setup token", async () => {
    const given = { GMAIL_SMTP_HOST: "127.0.0.1", RELAIS_SETUP_TOKEN: "given-canary-token" };
    const relais = await start(given).up(port);
    assert.doesNotMatch(relais.output, /Mailbox/);
    assert.match(relais.output, /127\.0\.0\.1:465/);
    assert.equal(await statusWith("given-canary-token"), 200);
    assert.doesNotMatch(relais.output, /canary/);
  });

  it("saves the client of --real-google through the API, or says why not", async () => {
    const file = join(dataDir, "..", `client-${port}.json`);
    const write = (kind: string, uris: readonly string[]) =>
      writeFileSync(
        file,
        // With the byte order mark of an editor.
        `\uFEFF${JSON.stringify({
          [kind]: { client_id: "1.apps.googleusercontent.com", client_secret: "canary-secret", redirect_uris: uris },
        })}`,
      );
    const uri = `http://localhost:${port}/google_gmail/confirm`;
    write("installed", ["http://localhost"]);
    const desktop = start({}, ["--real-google", file]);
    assert.equal(await desktop.ended(), 1);
    assert.match(desktop.output, /refused/);
    write("web", ["https://elsewhere.example/google_gmail/confirm"]);
    const elsewhere = start({}, ["--real-google", file]);
    assert.equal(await elsewhere.ended(), 1);
    assert.ok(elsewhere.output.includes(uri), elsewhere.output);
    write("web", [uri]);
    const relais = await start({}, ["--real-google", file]).up(port);
    assert.match(relais.output, /smtp\.gmail\.com:465/);
    const kept = await fetch(`http://localhost:${port}/v1/settings/gmail-credentials`, {
      headers: { Authorization: `Bearer ${relais.setupToken}` },
    });
    assert.equal((await kept.json()).clientId, "1.apps.googleusercontent.com");
    assert.doesNotMatch(desktop.output + elsewhere.output + relais.output, /canary/);
    rmSync(file);
  });

  it("refuses unknown arguments, and a file that is not one", async () => {
    const unknown = start({}, ["--real"]);
    assert.equal(await unknown.ended(), 1);
    assert.match(unknown.output, /Usage/);
    const missing = start({}, ["--real-google", "/nowhere.json"]);
    assert.equal(await missing.ended(), 1);
    assert.match(missing.output, /cannot be read/);
  });
});
