import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { domainToASCII } from "node:url";
import { promisify } from "node:util";
import { createTransport } from "nodemailer";
import type { ComposedMessage, DeliveryOptions, RawMessage } from "../../../functions/client/new-message.ts";
import { relaisTransport } from "../../../functions/client/nodemailer.ts";
import { Relais } from "../../../functions/client/relais.ts";
import { RelaisProblem } from "../../../functions/client/relais-error.ts";
import { root } from "../../../infra/build/repository.ts";
import { builtPart } from "../../builders/built-part.ts";
import { connectedServer, type Stack, startStack } from "../../builders/connected-stack.ts";
import { examplesIn } from "../../builders/documented-examples.ts";
import { eventually } from "../../builders/eventually.ts";
import { comparableMail, fixedMail, nodemailerMails } from "../../builders/nodemailer-mails.ts";
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

const folder = mkdtempSync(join(tmpdir(), "relais-client-"));
/** A program's folder, in which the packed package is installed. */
const consumer = join(folder, "consumer");

before(async () => {
  await run("npm", ["pack", "--pack-destination", folder], { cwd: await builtPart("client", folder) });
  const archive = readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? assert.fail("npm pack left no archive");
  mkdirSync(consumer);
  writeFileSync(join(consumer, "package.json"), '{"private": true}');
  const quietly = ["--offline", "--no-audit", "--no-fund", "--no-save"];
  await run("npm", ["install", ...quietly, join(folder, archive)], { cwd: consumer });
  for (const name of ["nodemailer", "@types"]) {
    symlinkSync(join(root, "node_modules", name), join(consumer, "node_modules", name));
  }
});
after(() => rmSync(folder, { recursive: true }));

const runIn = async (name: string, code: string, env: Readonly<Record<string, string>>): Promise<string> => {
  writeFileSync(join(consumer, name), code);
  const options = { cwd: consumer, env: { PATH: process.env.PATH, ...env } };
  return (await run(process.execPath, [name], options)).stdout.trim();
};

/** What the examples of the package's page print, in order. */
const EXAMPLES_SAY: readonly RegExp[] = [
  /^msg_\S+ queued$/,
  /^sent <\S+@example\.com>$/,
  /^from_not_allowed 422 not_sent$/,
  /^queued\ninvalid_request\n(grace@example\.org .*\n?)+$/,
  /^msg_\S+ queued <\S+@\S+> \[ 'grace@example\.org' \]$/,
  /^program$/,
];

/** An address with its domain as SMTP has it; nodemailer's envelope shows it as people do. */
const inAscii = (address: string): string => {
  const at = address.lastIndexOf("@") + 1;
  return address.slice(0, at) + domainToASCII(address.slice(at));
};

/** Relais ends a LF alone by CRLF, and SMTP ends a mail by a line end. */
const asSmtpEnds = (mail: string): string => mail.replace(/(?<!\r)\n/g, "\r\n").replace(/(?<!\r\n)$/, "\r\n");

describe("the package of relais-client", () => {
  let stub: StubServer;
  before(async () => {
    stub = await startStubServer();
    stub.answer(({ method, url }) => {
      if (url.startsWith("/refused")) return { status: 401, body: problem("unauthenticated", 401) };
      if (method === "GET") return { status: 404, body: problem("not_found", 404) };
      return { status: 202, body: { id: "msg_1", messageId: "<1@example.com>", server: "srv_1", status: "queued" } };
    });
  });
  after(() => stub.close());

  const runFile = (name: string, code: string) => runIn(name, code, { RELAIS: stub.origin });

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

  for (const [what, names, module, moduleResolution] of [
    ["an ES module and CommonJS, resolved as Node does", ["node.mts", "node.cts"], "nodenext", "nodenext"],
    ["a module, resolved as bundlers do", ["bundler.ts"], "esnext", "bundler"],
  ] as const) {
    it(`has types for TypeScript: ${what}`, async () => {
      for (const name of names) writeFileSync(join(consumer, name), TYPES);
      const compilerOptions = {
        ...{ target: "es2022", lib: ["es2022", "esnext.disposable"], types: ["node"], module, moduleResolution },
        ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true },
      };
      writeFileSync(join(consumer, "tsconfig.json"), JSON.stringify({ compilerOptions, files: names }));
      const compiler = join(root, "node_modules/typescript/bin/tsc");
      // Alone, and rarely collecting garbage, the compiler takes the least of the processors.
      const env = { ...process.env, GOGC: "400" };
      const args = [compiler, "--singleThreaded", "-p", consumer];
      const { stdout } = await run(process.execPath, args, { env }).catch((error) => error);
      assert.equal(stdout, "");
    });
  }
});

describe("relais-client and npm start", () => {
  let stack: Stack;
  let files: StubServer;
  let url: string;
  let key: string;
  before(async () => {
    [stack, files] = await Promise.all([startStack(), startStubServer()]);
    files.answer(({ url: asked }) => ({ status: 200, text: `what is at ${asked}` }));
    await connectedServer(stack, { limits: { perMinute: 1_000, perDay: 10_000 } });
    url = stack.relais.origin;
    const made = await stack.relais.operate("POST", "/v1/keys", { name: "ERP", permissions: ["send", "read"] });
    ({ key } = await made.json());
  });
  after(async () => {
    files.close();
    await stack.stop();
  });

  const arrived = (messageId: string) => stack.sandbox.control.mails().filter((mail) => mail.messageId === messageId);

  /** Loses the answer to each first request of its kind, once Relais has given it. */
  const losingAnswers = (): typeof fetch => {
    const seen = new Set<string>();
    return async (input, init) => {
      const answer = await fetch(input, init);
      const request = `${init?.method} ${input}`;
      if (seen.has(request)) return answer;
      seen.add(request);
      await answer.arrayBuffer();
      throw new TypeError("fetch failed");
    };
  };

  it("carries each mail of nodemailer's documentation to the mailbox as its stream transport composes it", async () => {
    const composer = createTransport({ streamTransport: true, buffer: true });
    const transporter = createTransport(relaisTransport({ url, key }));
    const mails = Object.entries(nodemailerMails({ folder, origin: files.origin }));
    const expected = new Map<
      string,
      { readonly name: string; readonly to: readonly string[]; readonly mail: string }
    >();
    for (const [at, [name, given]] of mails.entries()) {
      const { message, envelope } = await composer.sendMail(fixedMail(given(), at));
      assert.ok(Buffer.isBuffer(message));
      const info = await transporter.sendMail(fixedMail(given(), at));
      expected.set(info.id, { name, to: envelope.to, mail: asSmtpEnds(comparableMail(message)) });
    }
    const relais = new Relais({ url, key });
    for (const [id, { name, to, mail }] of expected) {
      const { messageId } = await eventually(`${name} is sent`, async () => {
        const message = await relais.messages.get(id);
        assert.ok(!["failed", "unknown", "held"].includes(message.status), `${name} is ${message.status}`);
        return message.status === "sent" && message;
      });
      const copies = arrived(messageId).filter(({ raw }) => asSmtpEnds(comparableMail(raw)) === mail);
      assert.ok(copies.length > 0, `${name} arrived otherwise:\n${arrived(messageId)[0]?.raw}`);
      for (const { envelope } of copies) assert.deepEqual(envelope.to.map(inAscii), to.map(inAscii), name);
    }
    assert.equal(stack.sandbox.control.mails().length, mails.length);
  });

  it("sends one mail however each call finds that its answer was lost", async () => {
    stack.sandbox.control.clearMails();
    const relais = () => new Relais({ url, key, fetch: losingAnswers() });
    const subject = "lost";
    const raw = (id: string) => Buffer.from(`From: ada@example.com\r\nMessage-ID: <${id}@x.example>\r\n\r\nx\r\n`);
    const [sent, sentRaw, batch, info] = await Promise.all([
      relais().messages.send({ to: "b@example.org", subject, text: "1" }, { wait: 50 }),
      relais().messages.sendRaw(raw("raw"), { to: "b@example.org", wait: 50 }),
      relais().messages.batch([
        { to: "b@example.org", subject, text: "3" },
        { raw: raw("batch"), envelope: { to: ["b@example.org"] } },
      ]),
      createTransport(relaisTransport({ url, key, fetch: losingAnswers() })).sendMail({
        ...{ from: "ada@example.com", to: "b@example.org", text: "5" },
      }),
    ]);
    assert.deepEqual([sent.status, sentRaw.status], ["sent", "sent"]);
    const ids = batch.map((result) =>
      result.ok && "id" in result.message ? result.message.id : assert.fail("refused"),
    );
    for (const id of [...ids, info.id]) {
      await eventually("it is sent", async () => (await relais().messages.get(id)).status === "sent");
    }
    assert.equal(stack.sandbox.control.mails().length, 5);
    const scheduledAt = new Date(Date.now() + 3_600_000);
    const { id } = await relais().messages.send({ to: "b@example.org", text: "later", scheduledAt });
    const moved = await relais().messages.reschedule(id, new Date(scheduledAt.getTime() + 3_600_000));
    assert.equal(moved.status, "scheduled");
    assert.equal((await relais().messages.cancel(id)).status, "canceled");
  });

  it("calls the API by its names, and reads its answers", async () => {
    const relais = new Relais({ url, key });
    const session = await relais.session();
    assert.ok(session.role === "program");
    assert.deepEqual(session.permissions, ["send", "read"]);
    const { items } = await relais.mailServers.list();
    assert.deepEqual(
      items.map(({ name }) => name),
      ["Facturation"],
    );
    const report = await relais.messages.send({ to: "b@example.org", text: "x", dryRun: true });
    assert.deepEqual([report.ok, report.from], [true, "ada@example.com"]);
    const tags = { run: "names" };
    for (const text of ["1", "2", "3"]) await relais.messages.send({ to: "b@example.org", text, tags });
    const found: string[] = [];
    for await (const { id } of relais.messages.list({ tags, limit: 2 })) found.push(id);
    assert.equal(found.length, 3);
    await assert.rejects(relais.messages.retry(found[0] ?? ""), { code: "wrong_status", status: 409, attempts: 1 });
    await assert.rejects(relais.messages.get("msg_none"), { code: "not_found" });
    await assert.rejects(relais.messages.send({ to: "b", text: "x" }), (error) => {
      assert.ok(error instanceof RelaisProblem);
      assert.deepEqual([error.code, error.outcome, error.fields[0]?.path], ["invalid_request", "not_sent", "/to"]);
      return true;
    });
    await assert.rejects(relais.messages.sendRaw(Buffer.from("no header"), { to: [] }), { code: "invalid_request" });
    await assert.rejects(new Relais({ url, key: "rk_no_such" }).session(), { code: "unauthenticated" });
  });

  it("takes every member that its types have", async () => {
    const relais = new Relais({ url, key });
    const delivery: Required<DeliveryOptions> = {
      server: "Facturation",
      scheduledAt: new Date(Date.now() + 3_600_000),
      expiresAt: new Date(Date.now() + 7_200_000),
      tags: { kind: "invoice" },
      onUnknown: "resend",
      dryRun: true,
    };
    const composed: Required<ComposedMessage> = {
      ...delivery,
      from: { name: "Ada", address: "ada@example.com" },
      to: ["b@example.org", { address: "c@example.org" }],
      cc: "d@example.org, e@example.org",
      bcc: [],
      replyTo: "Ada <ada@example.com>",
      subject: "x",
      text: "x",
      html: "<p>x",
      attachments: [{ filename: "a", content: new Uint8Array(3), contentType: "image/png", cid: "a@b" }],
      icalEvent: { content: "BEGIN:VCALENDAR", encoding: "utf-8", method: "REQUEST", filename: "invite.ics" },
      headers: { "X-Order": "42" },
      inReplyTo: "<a@example.org>",
      references: ["<a@example.org>"],
      listUnsubscribe: { url: "https://example.org/u", oneClick: true },
    };
    const raw = Buffer.from("From: ada@example.com\r\n\r\nx\r\n");
    const mail: Required<RawMessage> = { ...delivery, raw, envelope: { to: ["b@example.org"] } };
    for (const message of [composed, mail]) {
      assert.deepEqual(await relais.messages.send(message), { ...(await relais.messages.send(message)), ok: true });
    }
    const report = await relais.messages.sendRaw(raw, { ...delivery, dryRun: true, to: "jörg@example.org" });
    assert.equal(report.from, "ada@example.com");
  });

  for (const [at, { code }] of examplesIn("functions/client/README.md", ["js"]).entries()) {
    const expected = EXAMPLES_SAY[at];
    it(`runs example ${at + 1} of its page`, async () => {
      const said = await runIn(`example-${at}.mjs`, code, { RELAIS: url, RELAIS_KEY: key });
      assert.match(said, expected ?? assert.fail(`nobody knows what example ${at + 1} says`));
    });
  }

  it("has no more examples on its page, and none untried", () => {
    assert.equal(EXAMPLES_SAY.length, examplesIn("functions/client/README.md", ["js"]).length);
  });
});
