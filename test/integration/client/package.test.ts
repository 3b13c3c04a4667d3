import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { root } from "../../../infra/build/repository.ts";
import { problem } from "../../builders/stub-client.ts";
import { type StubServer, startStubServer } from "../../builders/stub-server.ts";

const run = promisify(execFile);

/** Uses both entry points, and each class of error through both. */
const USE = `
const text = [];
const relais = new Relais({ url: process.env.RELAIS, key: "rk_a_b" });
const { id } = await relais.messages.send({ to: "b@example.org", text: "x" });
text.push(id);
await relais.messages.get("msg_0").catch((error) => text.push(error instanceof RelaisProblem, error.code));
const mail = createTransport(relaisTransport({ url: process.env.RELAIS, key: "rk_a_b" }));
const info = await mail.sendMail({ from: "a@example.com", to: "b@example.org", text: "x" });
text.push(info.id, info.accepted.join());
const refused = createTransport(relaisTransport({ url: process.env.RELAIS + "/refused", key: "rk_a_b" }));
await refused.verify().catch((error) => text.push(error instanceof RelaisProblem, error.responseCode));
console.log(text.join(" "));
`;
const EXPECTED = "msg_1 true not_found msg_1 b@example.org true 535";

const ESM = `
import { Relais, RelaisProblem } from "relais-client";
import { relaisTransport } from "relais-client/nodemailer";
import { createTransport } from "nodemailer";
${USE}`;

const CJS = `
const { Relais, RelaisProblem } = require("relais-client");
const { relaisTransport } = require("relais-client/nodemailer");
const { createTransport } = require("nodemailer");
(async () => {${USE}})();`;

const TYPES = `
import { createTransport } from "nodemailer";
import { Relais, RelaisError, RelaisProblem, type Message, type NewMessage, type ProblemCode } from "relais-client";
import { relaisTransport } from "relais-client/nodemailer";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(is: Same<A, B>): Same<A, B> => is;

export const use = async (): Promise<void> => {
  const relais = new Relais({ url: "https://relais.example.com", key: "rk_a_b" });
  const message: NewMessage = { to: ["b@example.org"], subject: "x", html: "<p>x" };
  const sent = await relais.messages.send(message, { idempotencyKey: "k", wait: 30, signal: AbortSignal.timeout(9) });
  same<typeof sent.id, string>(true);
  same<Message["status"], "canceled" | "deferred" | "expired" | "failed" | "held" | "queued" | "scheduled" | "sending" | "sent" | "unknown">(true);
  const report = await relais.messages.send({ to: "b@example.org", text: "x", dryRun: true });
  same<typeof report.ok, boolean>(true);
  for await (const { recipients } of relais.messages.list({ status: "sent" })) same<typeof recipients[number]["address"], string>(true);
  for await (const page of relais.mailServers.list().pages()) same<typeof page.next, string | null>(true);
  const code: ProblemCode = "from_not_allowed";
  const decide = (error: unknown): string => {
    if (error instanceof RelaisProblem && error.code === code) return error.fields.map(({ path }) => path).join();
    return error instanceof RelaisError ? error.code : "";
  };
  decide(await relais.session());
  const transporter = createTransport(relaisTransport({ url: "https://relais.example.com", key: "rk_a_b", server: "x" }));
  const info = await transporter.sendMail({ to: "b@example.org", text: "x" });
  same<typeof info.id, string>(true);
  same<typeof info.messageId, string>(true);
  await transporter.verify();
  // @ts-expect-error: a member that no message has
  await relais.messages.send({ to: "b@example.org", text: "x", attachment: [] });
  // @ts-expect-error: a status that there is not
  relais.messages.list({ status: "lost" });
  // @ts-expect-error: the key is missing
  new Relais({ url: "https://relais.example.com" });
  // @ts-expect-error: a code that no problem has
  const unheardOf: ProblemCode = "unheard_of";
  decide(unheardOf);
};
`;

describe("the package relais-client", () => {
  const folder = mkdtempSync(join(tmpdir(), "relais-client-package-"));
  const consumer = join(folder, "consumer");
  let stub: StubServer;
  before(async () => {
    stub = await startStubServer();
    stub.answer(({ method, url }) => {
      if (url.startsWith("/refused")) return { status: 401, body: problem("unauthenticated", 401) };
      if (method === "GET") return { status: 404, body: problem("not_found", 404) };
      return { status: 202, body: { id: "msg_1", messageId: "<1@example.com>", server: "srv_1", status: "queued" } };
    });
    await run(process.execPath, [join(root, "infra/build/build.ts"), "--out", folder, "client"]);
    await run("npm", ["pack", "--pack-destination", folder], { cwd: join(folder, "client") });
    const archive =
      readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? assert.fail("npm pack left no archive");
    mkdirSync(consumer);
    writeFileSync(join(consumer, "package.json"), '{"private": true}');
    const quietly = ["--offline", "--no-audit", "--no-fund", "--no-save"];
    await run("npm", ["install", ...quietly, join(folder, archive)], { cwd: consumer });
    for (const name of ["nodemailer", "@types"]) {
      symlinkSync(join(root, "node_modules", name), join(consumer, "node_modules", name));
    }
  });
  after(() => {
    stub.close();
    rmSync(folder, { recursive: true });
  });

  const runFile = async (name: string, code: string): Promise<string> => {
    writeFileSync(join(consumer, name), code);
    const env = { PATH: process.env.PATH, RELAIS: stub.origin };
    return (await run(process.execPath, [name], { cwd: consumer, env })).stdout.trim();
  };

  it("holds its code, types, licence and page, and depends on nothing", () => {
    const installed = join(consumer, "node_modules/relais-client");
    assert.deepEqual(readdirSync(installed).sort(), [
      "LICENSE",
      "README.md",
      ...["index.cjs", "index.d.cts", "index.d.ts", "index.js"],
      ...["nodemailer.cjs", "nodemailer.d.cts", "nodemailer.d.ts", "nodemailer.js"],
      "package.json",
    ]);
    const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    assert.deepEqual([manifest.name, manifest.version, manifest.license], ["relais-client", version, "Apache-2.0"]);
    for (const kind of ["dependencies", "peerDependencies", "scripts", "private", "repository"]) {
      assert.equal(manifest[kind], undefined, kind);
    }
    for (const name of readdirSync(installed).filter((one) => /\.(js|cjs)$/.test(one))) {
      const code = readFileSync(join(installed, name), "utf8");
      const imported = [...code.matchAll(/\b(?:from|require\(|import\()\s*"([^"]+)"/g)].map(([, from]) => from);
      assert.deepEqual(
        imported.filter((from) => !from?.startsWith("./")),
        [],
        name,
      );
    }
  });

  it("works as an ES module", async () => {
    assert.equal(await runFile("esm.mjs", ESM), EXPECTED);
  });

  it("works as CommonJS", async () => {
    assert.equal(await runFile("cjs.cjs", CJS), EXPECTED);
  });

  it("says which release it is", () => {
    const agents = new Set(stub.received.map(({ headers }) => headers["user-agent"]));
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    assert.deepEqual([...agents], [`relais-client/${version}`]);
  });

  for (const [what, name, module, moduleResolution] of [
    ["an ES module, resolved as Node does", "node.mts", "nodenext", "nodenext"],
    ["CommonJS, resolved as Node does", "node.cts", "nodenext", "nodenext"],
    ["a module, resolved as bundlers do", "bundler.ts", "esnext", "bundler"],
  ] as const) {
    it(`has types for TypeScript: ${what}`, async () => {
      writeFileSync(join(consumer, name), TYPES);
      const compilerOptions = {
        ...{ target: "es2022", lib: ["es2022", "esnext.disposable"], types: ["node"], module, moduleResolution },
        ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true },
      };
      writeFileSync(join(consumer, "tsconfig.json"), JSON.stringify({ compilerOptions, files: [name] }));
      const compiler = join(root, "node_modules/typescript/bin/tsc");
      const { stdout } = await run(process.execPath, [compiler, "-p", consumer]).catch((error) => error);
      assert.equal(stdout, "");
    });
  }
});
