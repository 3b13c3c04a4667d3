import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { bundledDoor, DoorProcess } from "../../builders/door-process.ts";
import { eventually } from "../../builders/eventually.ts";
import { accepted, type RelaisStandIn, STAND_IN_KEY, startRelaisStandIn } from "../../builders/relais-stand-in.ts";
import { plain, sendBy } from "../../builders/smtp-door.ts";
import { issueCertificates } from "../../google-sandbox/certificates.ts";
import { smtpDialogue } from "../../google-sandbox/smtp-dialogue.ts";

describe("relais-smtp, bundled", () => {
  const { folder, remove } = bundledDoor();
  const program = join(folder, "index.js");
  let relais: RelaisStandIn;
  before(async () => {
    relais = await startRelaisStandIn();
  });
  after(async () => {
    await relais.close();
    remove();
  });

  const logIn = async (port: number) => {
    const client = await smtpDialogue({ host: "127.0.0.1", port });
    await client.say("EHLO client");
    assert.match((await client.say(plain("relais", STAND_IN_KEY))) ?? "", /^235 /);
    return client;
  };

  it("is a folder that needs nothing around it", () => {
    assert.deepEqual(readdirSync(folder).sort(), ["Dockerfile", "index.js", "index.js.map", "package.json"]);
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    assert.deepEqual([manifest.name, manifest.type, manifest.dependencies], ["relais-smtp", "module", undefined]);
    const bundle = readFileSync(program, "utf8");
    const imported = [...bundle.matchAll(/\b(?:from|import|require)\s*\(?\s*"([^"]+)"/g)].map(([, name]) => name ?? "");
    assert.deepEqual(
      imported.filter((name) => /^[@\w][\w@/.-]*$/.test(name) && !isBuiltin(name)),
      [],
    );
  });

  it("takes mail by its environment alone, and ends on SIGTERM once the mail under way has its answer", async () => {
    const door = await DoorProcess.start({ RELAIS_URL: relais.origin }, program);
    let answer = (): void => undefined;
    const waiting = new Promise<void>((resolve) => {
      answer = resolve;
    });
    relais.onMail = async () => {
      await waiting;
      return accepted("msg_last");
    };
    const reply = sendBy(await logIn(door.port));
    await eventually("it is handed on", () => relais.mails.length > 0);
    const ended = door.end("SIGTERM");
    const idle = await eventually("no connection is taken", async () => {
      const client = await smtpDialogue({ host: "127.0.0.1", port: door.port }).catch(() => null);
      client?.close();
      return client === null;
    });
    assert.ok(idle);
    answer();
    assert.equal(await reply, "250 2.0.0 msg_last");
    assert.equal(await ended, 0, door.output);
    const codes = door.output
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line).code);
    assert.deepEqual(codes, ["door_open", "door_mail_accepted", "door_closed"]);
    assert.ok(!door.output.includes(STAND_IN_KEY));
  });

  it("does not start with mistakes, and names all of them", () => {
    const env = { PATH: process.env.PATH, SMTP_LISTEN: "0.0.0.0:2525", SMTP_ALLOW_CLEAR: "maybe" };
    const { status, stderr, stdout } = spawnSync(process.execPath, [program], { env, cwd: tmpdir(), encoding: "utf8" });
    assert.equal(status, 1);
    assert.equal(stdout, "");
    for (const name of ["RELAIS_URL", "SMTP_LISTEN", "SMTP_ALLOW_CLEAR"])
      assert.match(stderr, new RegExp(`- ${name} `));
    assert.doesNotMatch(stderr, / at /, "no stack");
  });

  it("hands a key or a mail to no Relais whose certificate it cannot verify", async () => {
    const { ca, certificate: cert, key } = issueCertificates();
    const overHttps = await startRelaisStandIn({ cert, key });
    const authority = join(mkdtempSync(join(tmpdir(), "relais-authority-")), "ca.pem");
    writeFileSync(authority, ca);
    const untrusting = await DoorProcess.start({ RELAIS_URL: overHttps.origin }, program);
    const client = await smtpDialogue({ host: "127.0.0.1", port: untrusting.port });
    await client.say("EHLO client");
    assert.match((await client.say(plain("relais", STAND_IN_KEY))) ?? "", /^454 4\.7\.0 /);
    assert.deepEqual([overHttps.sessions, overHttps.mails], [[], []]);
    await eventually("the log says why", () => /door_relais_unreachable.*verify/.test(untrusting.output));
    await untrusting.end("SIGKILL");
    const trusting = await DoorProcess.start({ RELAIS_URL: overHttps.origin, NODE_EXTRA_CA_CERTS: authority }, program);
    assert.equal(await sendBy(await logIn(trusting.port)), "250 2.0.0 msg_1");
    await trusting.end("SIGKILL");
    await overHttps.close();
    rmSync(dirname(authority), { recursive: true });
  });

  it("says which address is taken", async () => {
    const door = await DoorProcess.start({ RELAIS_URL: relais.origin }, program);
    const env = { PATH: process.env.PATH, RELAIS_URL: relais.origin, SMTP_LISTEN: `127.0.0.1:${door.port}` };
    const { status, stderr } = spawnSync(process.execPath, [program], { env, encoding: "utf8" });
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`^127\\.0\\.0\\.1:${door.port} cannot be listened on \\(EADDRINUSE\\)`));
    await door.end("SIGKILL");
  });
});

describe("the Dockerfile of relais-smtp", () => {
  const lines = readFileSync(join(import.meta.dirname, "../../../functions/submission/Dockerfile"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  const of = (word: string): readonly string[] =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));

  it("copies what the build leaves and runs it directly, so that signals reach it, as a user without privileges", () => {
    const copied = of("COPY").flatMap((line) => line.split(" ").slice(0, -1));
    assert.deepEqual(copied, ["index.js", "package.json"]);
    assert.deepEqual(of("USER"), ["node"]);
    assert.deepEqual(JSON.parse(of("CMD")[0] ?? ""), ["node", "index.js"]);
    assert.ok(lines.findIndex((line) => line.startsWith("USER")) < lines.findIndex((line) => line.startsWith("CMD")));
    assert.deepEqual(of("RUN"), [], "nothing is installed or written");
  });

  it("starts from the Node that Relais is tested with, and listens on the port that it exposes", () => {
    const manifest = JSON.parse(readFileSync(join(import.meta.dirname, "../../../package.json"), "utf8"));
    const [major] = manifest.devDependencies.node.split(".");
    assert.match(of("FROM")[0] ?? "", new RegExp(`^node:${major}-slim$`));
    const [port] = of("EXPOSE");
    assert.ok(of("ENV").some((line) => line.includes(`SMTP_LISTEN=0.0.0.0:${port}`)));
  });
});
