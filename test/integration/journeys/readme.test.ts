import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { connectedServer, type Stack, startStack } from "../../builders/connected-stack.ts";

/** The code blocks of README's section "The API by example", in order. */
const examples = (): readonly { readonly language: string; readonly code: string }[] => {
  const readme = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
  const section = readme.split("## The API by example")[1]?.split("\n## ")[0] ?? "";
  return [...section.matchAll(/```(sh|js)\n([\s\S]*?)```/g)].map((found) => ({
    language: found[1] ?? "",
    code: found[2] ?? "",
  }));
};

describe("README: the API by example", () => {
  let stack: Stack;
  const environment: Record<string, string> = {};

  before(async () => {
    stack = await startStack();
    await connectedServer(stack);
    environment.RELAIS = stack.relais.origin;
    environment.SETUP_TOKEN = stack.relais.setupToken;
  });
  after(() => stack.stop());

  // Not synchronously: the sandbox answers from this very process.
  const run = async (language: string, code: string): Promise<string> => {
    const [command, args] =
      language === "sh"
        ? (["bash", ["--norc", "-euo", "pipefail", "-c", code]] as const)
        : ([process.execPath, ["--input-type=module", "-e", code]] as const);
    const env = { PATH: process.env.PATH, ...environment };
    const { stdout } = await promisify(execFile)(command, args, { encoding: "utf8", env, timeout: 240_000 });
    return stdout;
  };

  const blocks = examples();
  it("has the examples that this test knows", () => {
    assert.deepEqual(
      blocks.map((block) => block.language),
      ["sh", "sh", "sh", "js", "sh"],
    );
  });

  it("makes a key for a program", async () => {
    const key: { key: string } = JSON.parse(await run("sh", blocks[0]?.code ?? ""));
    assert.match(key.key, /^rk_/);
    environment.RELAIS_KEY = key.key;
  });

  it("sends a mail and waits for it, and repeating it sends none", async () => {
    const first: { id: string; status: string; messageId: string } = JSON.parse(await run("sh", blocks[1]?.code ?? ""));
    assert.equal(first.status, "sent");
    const again: { id: string } = JSON.parse(await run("sh", blocks[1]?.code ?? ""));
    assert.equal(again.id, first.id);
    environment.MESSAGE_ID = first.id;
    const arrived = stack.sandbox.control.mails().filter((mail) => mail.messageId === first.messageId);
    assert.equal(arrived.length, 1);
  });

  it("lists messages to an address and shows one", async () => {
    const [list, one] = (await run("sh", (blocks[2]?.code ?? "").replaceAll("\ncurl", "\necho; curl")))
      .split("\n")
      .filter((line) => line.startsWith("{"));
    assert.equal(JSON.parse(list ?? "").items[0].id, environment.MESSAGE_ID);
    assert.equal(JSON.parse(one ?? "").attempts[0].outcome, "sent");
  });

  it("sends from Node", async () => {
    assert.match(await run("js", blocks[3]?.code ?? ""), /^msg_\S+ sent <\S+@example\.com>/);
  });

  it("asks the doctor", async () => {
    const doctor: { checks: unknown[] } = JSON.parse(await run("sh", blocks[4]?.code ?? ""));
    assert.ok(doctor.checks.length > 0);
  });
});
