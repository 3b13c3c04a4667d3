import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import type { StatsView } from "../../../functions/domain/messages/views/stats.ts";
import { freePort } from "../../../functions/runtime/local/free-port.ts";
import { connect, type Stack, startStack } from "../../builders/connected-stack.ts";
import { type Example, examplesIn } from "../../builders/documented-examples.ts";
import { eventually } from "../../builders/eventually.ts";

/** How each language's examples are run. */
const INTERPRETERS: Readonly<Record<string, readonly [program: string, ...args: string[]]>> = {
  sh: ["bash", "--norc", "-euo", "pipefail", "-c"],
  js: [process.execPath, "--input-type=module", "-e"],
  python: ["python3", "-c"],
  php: ["php", "-r"],
};
const LANGUAGES = Object.keys(INTERPRETERS);

/** Why a language's examples cannot be run here; false if they can. */
const isMissing = (language: "python" | "php"): string | false => {
  const [program = ""] = INTERPRETERS[language] ?? [];
  return spawnSync(program, ["--version"]).status === 0
    ? false
    : `${program} is missing here, so its example was NOT run`;
};

const languagesOf = (examples: readonly Example[]): readonly string[] => examples.map(({ language }) => language);

describe("the documents' examples", () => {
  let stack: Stack;
  let doorPort: number;
  /** The working directory, with what `npm start` leaves in `.relais/` if it has made the token itself. */
  const folder = mkdtempSync(join(tmpdir(), "relais-readme-"));
  const environment: Record<string, string> = {};

  before(async () => {
    doorPort = await freePort();
    stack = await startStack({ RELAIS_SMTP_PORT: String(doorPort) });
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
  const run = async ({ language, code }: Pick<Example, "language" | "code">): Promise<string> => {
    const here = code
      .replaceAll("http://localhost:8080", stack.relais.origin)
      .replaceAll("2525", String(doorPort))
      .replace(/^<\?php\n/, "");
    const [command, ...given] = INTERPRETERS[language] ?? assert.fail(`nobody runs ${language}`);
    const args = [...given, here];
    const env = { PATH: process.env.PATH, ...environment };
    const options = { encoding: "utf8", cwd: folder, env, timeout: 240_000 } as const;
    return (await promisify(execFile)(command, args, options)).stdout;
  };

  let fromPython = 0;
  /** Waits for one more of the mails that shells send from Python. */
  const arrivedFromPython = (): Promise<true> => {
    fromPython += 1;
    const isFromPython = ({ raw }: { readonly raw: Buffer }) => /^Subject: (Invoice|Facture) 43\r$/m.test(String(raw));
    return eventually(
      "the mail from Python",
      () => stack.sandbox.control.mails().filter(isFromPython).length === fromPython,
    );
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
      const examples = examplesIn(document, LANGUAGES);
      assert.deepEqual(languagesOf(examples), ["sh", "sh", "sh"]);
      const [prepare, send, sendBySmtp] = examples;
      const prepared = await run(prepare ?? assert.fail());
      assert.ok(prepared.trimEnd().endsWith(`${environment.RELAIS}/#setup=${environment.SETUP_TOKEN}`), prepared);
      await connectServer(server);
      const sent: { messageId: string } = JSON.parse(await run(send ?? assert.fail()));
      assert.match(JSON.stringify(sent), /"status":"sent"/);
      assert.ok(stack.sandbox.control.mails().some((mail) => mail.messageId === sent.messageId));
      if (isMissing("python")) return;
      // One shell runs both, as the reader's does: the key is in its environment.
      await run({ language: "sh", code: `${send?.code}\n${sendBySmtp?.code}` });
      await arrivedFromPython();
    });
  }

  it("functions/submission/README.md sends from Python", { skip: isMissing("python") }, async () => {
    const made = await stack.relais.operate("POST", "/v1/keys", { name: "Python", permissions: ["send"] });
    environment.RELAIS_KEY = (await made.json()).key;
    const [example, ...others] = examplesIn("functions/submission/README.md", LANGUAGES);
    assert.deepEqual(others, []);
    await run(example ?? assert.fail());
    await arrivedFromPython();
  });

  describe("functions/send-mail/API.md", () => {
    const examples = examplesIn("functions/send-mail/API.md", LANGUAGES);
    const example = (heading: string, at = 0): Example =>
      examples.filter((one) => one.heading === heading)[at] ?? assert.fail(`there is no example ${at} of ${heading}`);
    const arrivedOnce = (messageId: string): void => {
      assert.equal(stack.sandbox.control.mails().filter((mail) => mail.messageId === messageId).length, 1, messageId);
    };

    it("has the examples that this test knows", () => {
      assert.deepEqual(
        examples.map(({ heading, language }) => `${heading}: ${language}`),
        [
          "A key for a program: sh",
          "Send a mail: sh",
          "Send a mail that is already composed: sh",
          "See what became of it: sh",
          "See how much was sent: sh",
          "From Node, without a package: js",
          "From Python: python",
          "From Python: python",
          "From PHP: php",
          "Check the setup: sh",
        ],
      );
    });

    it("makes a key for a program", async () => {
      const key: { key: string } = JSON.parse(await run(example("A key for a program")));
      assert.match(key.key, /^rk_/);
      environment.RELAIS_KEY = key.key;
    });

    it("sends a mail and waits for it, and sends none when repeated", async () => {
      const first: { id: string; status: string; messageId: string } = JSON.parse(await run(example("Send a mail")));
      assert.equal(first.status, "sent");
      const again: { id: string } = JSON.parse(await run(example("Send a mail")));
      assert.equal(again.id, first.id);
      environment.MESSAGE_ID = first.id;
      arrivedOnce(first.messageId);
    });

    it("sends a composed mail as it is", async () => {
      const sent: { status: string; messageId: string } = JSON.parse(
        await run(example("Send a mail that is already composed")),
      );
      assert.deepEqual([sent.status, sent.messageId], ["sent", "<relance-42@erp.example.com>"]);
      arrivedOnce(sent.messageId);
    });

    it("lists messages to an address and shows one", async () => {
      const { language, code } = example("See what became of it");
      const [list, one] = (await run({ language, code: code.replaceAll("\ncurl", "\necho; curl") }))
        .split("\n")
        .filter((line) => line.startsWith("{"));
      const { items }: { items: readonly { readonly id: string }[] } = JSON.parse(list ?? "");
      assert.ok(items.some(({ id }) => id === environment.MESSAGE_ID));
      assert.equal(JSON.parse(one ?? "").attempts[0].outcome, "sent");
    });

    it("counts what was sent by one mail server", async () => {
      const { items }: StatsView = JSON.parse(await run(example("See how much was sent")));
      const sum = (rows: StatsView["items"]): number => rows.reduce((total, { sent }) => total + sent, 0);
      assert.equal(items.length, 24);
      assert.ok(sum(items) >= 2, JSON.stringify(items.at(-1)));
      const all = await stack.relais.operate("GET", "/v1/stats");
      const byDay: StatsView = await all.json();
      assert.ok(sum(byDay.items) >= sum(items), "of all servers, by day");
    });

    it("sends from Node", async () => {
      assert.match(await run(example("From Node, without a package")), /^msg_\S+ sent <\S+@example\.com>/);
    });

    for (const [language, heading] of [
      ["python", "From Python"],
      ["php", "From PHP"],
    ] as const) {
      it(`sends from ${language}`, { skip: isMissing(language) }, async () => {
        const [, messageId = ""] = /^msg_\S+ sent (<\S+>)/.exec(await run(example(heading))) ?? [];
        arrivedOnce(messageId);
      });
    }

    it("sends by SMTP from Python", { skip: isMissing("python") }, async () => {
      const messageId = (await run(example("From Python", 1))).trim();
      await eventually("the mail arrives", () =>
        stack.sandbox.control.mails().some((mail) => mail.messageId === messageId),
      );
    });

    it("asks the doctor", async () => {
      const doctor: { checks: unknown[] } = JSON.parse(await run(example("Check the setup")));
      assert.ok(doctor.checks.length > 0);
    });
  });
});
