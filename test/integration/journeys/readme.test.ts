import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { connect, type Stack, startStack } from "../../builders/connected-stack.ts";
import { type Example, examplesIn } from "../../builders/documented-examples.ts";

const languagesOf = (examples: readonly Example[]): readonly string[] => examples.map(({ language }) => language);

describe("the documents' examples", () => {
  let stack: Stack;
  /** The working directory, with what `npm start` leaves in `.relais/` if it has made the token itself. */
  const folder = mkdtempSync(join(tmpdir(), "relais-readme-"));
  const environment: Record<string, string> = {};

  before(async () => {
    stack = await startStack();
    const { origin, setupToken } = stack.relais;
    mkdirSync(join(folder, ".relais/sandbox"), { recursive: true });
    writeFileSync(join(folder, ".relais/setup-token"), `${setupToken}\n`);
    stack.sandbox.writeClientSecret(join(folder, ".relais/sandbox/client_secret.json"));
    environment.RELAIS = origin;
    environment.SETUP_TOKEN = setupToken;
  });
  after(async () => {
    await stack.stop();
    rmSync(folder, { recursive: true });
  });

  // It must be asynchronous, because the sandbox answers from this very process.
  const run = async ({ language, code }: Example): Promise<string> => {
    const here = code.replaceAll("http://localhost:8080", stack.relais.origin);
    const [command, args] =
      language === "sh"
        ? (["bash", ["--norc", "-euo", "pipefail", "-c", here]] as const)
        : ([process.execPath, ["--input-type=module", "-e", here]] as const);
    const env = { PATH: process.env.PATH, ...environment };
    const options = { encoding: "utf8", cwd: folder, env, timeout: 240_000 } as const;
    return (await promisify(execFile)(command, args, options)).stdout;
  };

  const connectServer = async (name: string): Promise<void> => {
    const list = await stack.relais.operate("GET", "/v1/mail-servers");
    const { items }: { items: readonly { readonly id: string; readonly name: string }[] } = await list.json();
    const server = items.find((one) => one.name === name);
    assert.ok(server, `${name} has been created`);
    assert.equal((await connect(stack, server.id)).status, 303);
  };

  for (const [document, server] of [
    ["README.md", "Billing"],
    ["README.fr.md", "Facturation"],
  ] as const) {
    it(`${document} leads to the first mail`, async () => {
      const examples = examplesIn(document, ["sh", "js"]);
      assert.deepEqual(languagesOf(examples), ["sh", "sh"]);
      const [prepare, send] = examples;
      const prepared = await run(prepare ?? assert.fail());
      assert.ok(prepared.trimEnd().endsWith(`${environment.RELAIS}/#setup=${environment.SETUP_TOKEN}`), prepared);
      await connectServer(server);
      const sent: { messageId: string } = JSON.parse(await run(send ?? assert.fail()));
      assert.match(JSON.stringify(sent), /"status":"sent"/);
      assert.ok(stack.sandbox.control.mails().some((mail) => mail.messageId === sent.messageId));
    });
  }

  describe("functions/send-mail/API.md", () => {
    const blocks = examplesIn("functions/send-mail/API.md", ["sh", "js"]);
    const block = (at: number): Example => blocks[at] ?? assert.fail(`there is no example ${at}`);

    it("has the examples that this test knows", () => {
      assert.deepEqual(languagesOf(blocks), ["sh", "sh", "sh", "js", "sh"]);
    });

    it("makes a key for a program", async () => {
      const key: { key: string } = JSON.parse(await run(block(0)));
      assert.match(key.key, /^rk_/);
      environment.RELAIS_KEY = key.key;
    });

    it("sends a mail and waits for it, and sends none when repeated", async () => {
      const first: { id: string; status: string; messageId: string } = JSON.parse(await run(block(1)));
      assert.equal(first.status, "sent");
      const again: { id: string } = JSON.parse(await run(block(1)));
      assert.equal(again.id, first.id);
      environment.MESSAGE_ID = first.id;
      const arrived = stack.sandbox.control.mails().filter((mail) => mail.messageId === first.messageId);
      assert.equal(arrived.length, 1);
    });

    it("lists messages to an address and shows one", async () => {
      const { language, code } = block(2);
      const [list, one] = (await run({ language, code: code.replaceAll("\ncurl", "\necho; curl") }))
        .split("\n")
        .filter((line) => line.startsWith("{"));
      assert.equal(JSON.parse(list ?? "").items[0].id, environment.MESSAGE_ID);
      assert.equal(JSON.parse(one ?? "").attempts[0].outcome, "sent");
    });

    it("sends from Node", async () => {
      assert.match(await run(block(3)), /^msg_\S+ sent <\S+@example\.com>/);
    });

    it("asks the doctor", async () => {
      const doctor: { checks: unknown[] } = JSON.parse(await run(block(4)));
      assert.ok(doctor.checks.length > 0);
    });
  });
});
