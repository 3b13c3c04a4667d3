import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { root } from "../../../infra/build/repository.ts";
import { noteSecret } from "../../builders/canary.ts";
import { connectedServer, type Stack, startStack } from "../../builders/connected-stack.ts";

/** Asynchronously, because the sandbox that takes the mail runs in this process. */
const run = promisify(execFile);

const bin = (name: string): string => join(root, "node_modules/.bin", name);

/** What a developer writes beside the generated client. */
const PROGRAM = `
import { defaults, getMessage, listMessages, sendMessage } from "./client.ts";

defaults.baseUrl = process.env.RELAIS ?? "";
defaults.headers = { Authorization: \`Bearer \${process.env.RELAIS_KEY}\` };

const sent = await sendMessage(
  { to: "client@example.org", subject: "Generated", text: "Hello", tags: { kind: "test" } },
  { idempotencyKey: "generated-1", prefer: "wait=30" },
);
if (sent.status !== 200 || !("timeline" in sent.data)) throw new Error(JSON.stringify(sent));
const read = await getMessage(sent.data.id);
const listed = await listMessages({ status: "sent", limit: 5 });
const refused = await sendMessage({ to: "nobody" });
if (read.status !== 200 || listed.status !== 200 || refused.status !== 422) throw new Error("not as described");
console.log(JSON.stringify({
  status: read.data.status,
  listed: listed.data.items.map(({ subject }) => subject),
  code: refused.data.code,
  place: refused.data.fields?.[0]?.path,
}));
`;

/** It must not compile: the description says what a message is. */
const WRONG = `
import { sendMessage } from "./client.ts";
await sendMessage({ too: "client@example.org" });
`;

const compilerFor = (file: string): string =>
  JSON.stringify({
    compilerOptions: {
      noEmit: true,
      strict: true,
      target: "es2024",
      module: "nodenext",
      types: ["node"],
      skipLibCheck: true,
      allowImportingTsExtensions: true,
    },
    files: [file],
  });

describe("A client that oazapfts generates from openapi.json", () => {
  let folder: string;
  let stack: Stack;

  const compile = async (file: string): Promise<void> => {
    writeFileSync(join(folder, "tsconfig.json"), compilerFor(file));
    await run(bin("tsc"), ["-p", folder]);
  };

  before(async () => {
    mkdirSync(join(root, "dist"), { recursive: true });
    // Within the repository, so that the client finds its runtime among the installed packages.
    folder = mkdtempSync(join(root, "dist/generated-client-"));
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    writeFileSync(join(folder, "program.ts"), PROGRAM);
    writeFileSync(join(folder, "wrong.ts"), WRONG);
    await run(bin("oazapfts"), [join(root, "functions/reference/openapi.json"), join(folder, "client.ts")]);
    stack = await startStack();
  });
  after(async () => {
    await stack.stop();
    rmSync(folder, { recursive: true });
  });

  it("compiles, and refuses what the API refuses", async () => {
    await compile("program.ts");
    await assert.rejects(compile("wrong.ts"), { stdout: /'too' does not exist/ });
  });

  it("sends a mail, reads it, lists it, and gets problems as described", async () => {
    await connectedServer(stack);
    const made = await stack.relais.operate("POST", "/v1/keys", { name: "generated", permissions: ["send", "read"] });
    const { key }: { key: string } = await made.json();
    noteSecret("key", key);
    const { stdout } = await run(process.execPath, ["program.ts"], {
      cwd: folder,
      env: { PATH: process.env.PATH, RELAIS: stack.relais.origin, RELAIS_KEY: key },
    });
    assert.deepEqual(JSON.parse(stdout), {
      status: "sent",
      listed: ["Generated"],
      code: "invalid_request",
      place: "/to",
    });
    assert.equal(stack.sandbox.control.mails().length, 1);
  });
});
