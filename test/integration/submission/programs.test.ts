import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createTransport } from "nodemailer";
import { freePort } from "../../../functions/runtime/local/free-port.ts";
import { noteSecret } from "../../builders/canary.ts";
import { connectedServer, type Stack, startStack } from "../../builders/connected-stack.ts";
import { eventually } from "../../builders/eventually.ts";
import { envelope, MAIL, plain, sendBy } from "../../builders/smtp-door.ts";
import { type SmtpDialogue, smtpDialogue } from "../../google-sandbox/smtp-dialogue.ts";

const isInstalled = (program: string): boolean => spawnSync(program, ["--version"]).error === undefined;
const folder = join(import.meta.dirname, "dialogues");

interface Step {
  readonly client: string;
  readonly replies: readonly string[];
}

describe("programs that speak SMTP, through npm start to Gmail", () => {
  const scratch = mkdtempSync(join(tmpdir(), "relais-programs-"));
  let stack: Stack;
  let port: number;
  let key: string;
  before(async () => {
    port = await freePort();
    stack = await startStack({ RELAIS_SMTP_PORT: String(port) });
    await connectedServer(stack, { name: "Billing" });
    const made = await stack.relais.operate("POST", "/v1/keys", { name: "ERP", permissions: ["send"] });
    ({ key } = await made.json());
    noteSecret("API key", key);
  });
  after(async () => {
    await stack.stop();
    rmSync(scratch, { recursive: true });
  });

  /** Not synchronously: the sandbox answers from this very process. */
  const run = async (program: string, args: readonly string[], input = ""): Promise<string> => {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk));
    child.stdin.end(input);
    const [code] = await once(child, "close");
    assert.equal(code, 0, `${program}: ${output}`);
    return output;
  };
  const arrived = () => stack.sandbox.control.mails();
  const arrivedWith = (text: string) =>
    eventually(`a mail with ${text}`, () => arrived().find(({ raw }) => raw.toString().includes(text)));
  const logIn = async (username = "relais"): Promise<SmtpDialogue> => {
    const client = await smtpDialogue({ host: "127.0.0.1", port });
    await client.say("EHLO client");
    assert.match((await client.say(plain(username, key))) ?? "", /^235 /);
    return client;
  };
  const messageOf = async (id: string) => (await stack.relais.operate("GET", `/v1/messages/${id}`)).json();

  it("curl: the bytes arrive as they were", { skip: !isInstalled("curl") }, async () => {
    const bytes = MAIL.replace("Hello.", "Sent by curl.\r\n.a dot\r\n..two\r\n\r\n\r\nend");
    writeFileSync(join(scratch, "mail.eml"), bytes);
    const where = [`smtp://127.0.0.1:${port}`, "--mail-from", "", "--mail-rcpt", "client@example.org"];
    await run("curl", ["-sS", ...where, "--user", `relais:${key}`, "--upload-file", join(scratch, "mail.eml")]);
    const mail = await arrivedWith("Sent by curl");
    assert.deepEqual(mail.envelope.to, ["client@example.org"]);
    assert.ok(mail.raw.toString().endsWith(bytes), mail.raw.toString());
  });

  it("nodemailer, over one connection for several mails", async () => {
    const transport = createTransport({
      host: "127.0.0.1",
      port,
      auth: { user: "Billing", pass: key },
      pool: true,
      maxConnections: 1,
    });
    assert.equal(await transport.verify(), true);
    for (const n of [1, 2, 3]) {
      const info = await transport.sendMail({
        from: "Ada <ada@example.com>",
        to: "client@example.org",
        subject: `Sent by nodemailer ${n}`,
        html: "<p>Été</p>",
        attachments: [{ filename: "a.txt", content: "attached" }],
      });
      assert.match(info.response, /^250 2\.0\.0 msg_/);
      const { messageId } = await messageOf(info.response.slice("250 2.0.0 ".length));
      assert.equal(messageId, info.messageId);
      await arrivedWith(`Sent by nodemailer ${n}`);
    }
    transport.close();
  });

  describe("Odoo, by Python's smtplib", { skip: !isInstalled("python3") }, () => {
    const odoo = async (act: string, more: object = {}) => {
      const request = { act, host: "127.0.0.1", port, username: "relais", password: key, ...more };
      const program = join(import.meta.dirname, "../../builders/odoo-mail-server.py");
      return JSON.parse(await run("python3", [program], JSON.stringify(request)));
    };

    it("tests the connection and leaves nothing", async () => {
      const before = (await (await stack.relais.operate("GET", "/v1/messages?limit=200")).json()).items.length;
      assert.deepEqual(await odoo("test"), { ok: [250, 250, 354] });
      assert.deepEqual(await odoo("olderTest"), { ok: [250, 250, 250, 221] });
      const after = (await (await stack.relais.operate("GET", "/v1/messages?limit=200")).json()).items.length;
      assert.equal(after, before);
    });

    it("writes to each of several recipients apart, under one Message-ID, and each gets one", async () => {
      const messageId = "<42.openerp@odoo.example.com>";
      const recipients = ["un@example.org", "deux@example.org", "trois@example.org"];
      assert.deepEqual(await odoo("send", { from: "ada@example.com", messageId, recipients }), { ok: {} });
      await eventually("three mails", () => arrived().filter((mail) => mail.messageId === messageId).length === 3);
      // Once more, as after a lost reply: nothing is sent again.
      assert.deepEqual(await odoo("send", { from: "ada@example.com", messageId, recipients }), { ok: {} });
      const mails = arrived().filter((mail) => mail.messageId === messageId);
      assert.deepEqual(mails.map(({ envelope }) => envelope.to.join()).sort(), recipients.toSorted());
      assert.match(mails[0]?.raw.toString() ?? "", /\r\n\.voici votre facture n° 42\.\r\n/);
    });

    it("is told why, if From may not be used or the password is wrong", async () => {
      const refused = await odoo("send", {
        from: "eve@example.com",
        messageId: "<1@x>",
        recipients: ["a@example.org"],
      });
      assert.equal(refused.code, 550);
      assert.match(refused.error, /^5\.7\.1 .*ada@example\.com/);
      const wrong = await odoo("test", { password: `${key.slice(0, -4)}xxxx` });
      assert.equal(wrong.code, 535);
      assert.match(wrong.error, /^5\.7\.8 /);
    });
  });

  /** As recorded from the program: its bytes, and the codes of the replies that it saw. */
  const replay = async (steps: readonly Step[]): Promise<void> => {
    const client = await smtpDialogue({ host: "127.0.0.1", port });
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    for (const { client: sent, replies } of steps) {
      const text = sent
        .replace("{plain}", base64(`\0relais\0${key}`))
        .replace("{username}", base64("relais"))
        .replace("{password}", base64(key));
      const codes: (string | undefined)[] = [(await client.write(Buffer.from(text, "latin1")))?.slice(0, 3)];
      while (codes.length < replies.length) codes.push((await client.write(""))?.slice(0, 3));
      assert.deepEqual(codes, replies, sent);
    }
    client.close();
  };
  for (const name of readdirSync(folder)) {
    it(`${name.replace(".json", "")}, by its recorded dialogue`, async () => {
      const steps: readonly Step[] = JSON.parse(readFileSync(join(folder, name), "utf8"));
      await replay(steps);
      const subject = /^Subject: (.*)\r$/m.exec(steps.map(({ client }) => client).join(""))?.[1];
      await arrivedWith(subject ?? assert.fail("no subject was recorded"));
    });
  }

  it("swaks", { skip: !isInstalled("swaks") }, async () => {
    const login = ["--auth", "--auth-user", "relais", "--auth-password", key];
    const mail = ["--from", "ada@example.com", "--to", "client@example.org", "--header", "Subject: By the real swaks"];
    await run("swaks", ["--server", "127.0.0.1", "--port", String(port), ...login, ...mail]);
    await arrivedWith("By the real swaks");
  });

  it("msmtp", { skip: !isInstalled("msmtp") }, async () => {
    writeFileSync(join(scratch, "key"), key);
    const login = ["--auth=plain", "--user=relais", `--passwordeval=cat ${join(scratch, "key")}`, "--tls=off"];
    const args = ["--host=127.0.0.1", `--port=${port}`, ...login, "--from=root", "client@example.org"];
    await run("msmtp", args, "From: ada@example.com\nSubject: By the real msmtp\n\nHello.\n");
    await arrivedWith("By the real msmtp");
  });

  it("a repetition after a lost 250 is answered as the first was, and sends nothing", async () => {
    const mail = MAIL.replace("<42@", "<repeated@").replace("Invoice 42", "Sent once");
    const first = await sendBy(await logIn(), mail);
    const again = await sendBy(await logIn(), mail);
    assert.match(first ?? "", /^250 2\.0\.0 msg_/);
    assert.equal(again, first);
    await arrivedWith("Sent once");
    const other = await sendBy(await logIn(), mail.replace("<repeated@", "<another@"));
    assert.notEqual(other, first);
  });

  it("is told what is wrong with a message, and with a server that does not exist", async () => {
    assert.match((await sendBy(await logIn(), `${MAIL}${"x".repeat(1_200)}\r\n`)) ?? "", /^554 5\.6\.0 .*\/raw/);
    assert.match((await sendBy(await logIn("No such server"))) ?? "", /^5\d\d 5\.\d\.\d /);
    assert.match((await sendBy(await logIn("ada@example.com"))) ?? "", /^250 /);
  });

  it("says 250 for a message that is held", async () => {
    const { items } = await (await stack.relais.operate("GET", "/v1/mail-servers")).json();
    await stack.relais.operate("PATCH", "/v1/settings", { paused: true });
    const reply = await sendBy(await logIn(items[0].id), MAIL.replace("<42@", "<held@"));
    assert.match(reply ?? "", /^250 2\.0\.0 msg_/);
    await stack.relais.operate("PATCH", "/v1/settings", { paused: false });
    await eventually("it is sent", async () => (await messageOf((reply ?? "").slice(10))).status === "sent");
  });

  it("has the answer to a mail under way when npm start is told to stop, and sends it after the next start", async () => {
    const client = await logIn();
    await envelope(client);
    assert.match((await client.say("DATA")) ?? "", /^354 /);
    process.kill(stack.relais.pid, "SIGTERM");
    await eventually("no connection is taken", async () => {
      const late = await smtpDialogue({ host: "127.0.0.1", port }).catch(() => null);
      late?.close();
      return late === null;
    });
    const mail = MAIL.replace("<42@", "<stopping@").replace("Invoice 42", "Sent while it stopped");
    // On a busy machine the grace may be over; whoever does not hear 250 repeats.
    const reply = await client.write(`${mail}.\r\n`);
    assert.match(reply ?? "421", /^(250 2\.0\.0 msg_|421 |451 )/);
    assert.equal(await stack.relais.ended(), 0, stack.relais.output);
    await stack.relais.up();
    const again = await sendBy(await logIn(), mail);
    assert.equal(again, reply?.startsWith("250") === true ? reply : again);
    assert.match(again ?? "", /^250 2\.0\.0 msg_/);
    await arrivedWith("Sent while it stopped");
    assert.equal(arrived().filter(({ messageId }) => messageId.includes("stopping@")).length, 1);
  });
});
