import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { writeBatches } from "../../tools/batch.ts";

const root = mkdtempSync(join(tmpdir(), "relais-untracked-"));
after(() => rmSync(root, { recursive: true }));

const PRELOAD = new URL("../../tools/untracked-preload.ts", import.meta.url).href;

/** Runs these tests as two files of one program. */
const run = (body: string) => {
  const files = ["a.test.ts", "b.test.ts"];
  for (const file of files) writeFileSync(join(root, file), `import { describe, it, test } from "node:test";\n${body}`);
  const batches = { root, directory: root, lengthOf: () => 0, longest: 1, count: 1 };
  const [program] = writeBatches(files, batches).map((batch) => batch.program);
  assert.ok(program);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return spawnSync(process.execPath, ["--import", PRELOAD, program], { encoding: "utf8", env });
};

test("no promise is followed while tests run, and each test is still in its suite", () => {
  const { status, stdout } = run(`
    describe("suite", async () => {
      await null;
      it("inner", async () => {
        await null;
        const { executionAsyncId } = await import("node:async_hooks");
        console.log("id", executionAsyncId());
      });
    });`);
  assert.equal(status, 0, stdout);
  assert.match(stdout, /^ {4}✔ inner/m);
  assert.match(stdout, /suites 4/);
  assert.deepEqual(stdout.match(/^id \d+/gm), ["id 0", "id 0"]);
});

for (const [what, act] of [
  ["an error in a callback", 'setTimeout(() => { throw new Error("the pigeon is lost"); }, 1);'],
  ["a promise that is refused", 'void Promise.reject(new Error("the pigeon is lost"));'],
] as const)
  test(`${what} that no test awaits fails the program, and is printed`, () => {
    const { status, stdout, stderr } = run(
      `test("one", async () => { ${act} await new Promise((done) => setTimeout(done, 50)); });`,
    );
    assert.equal(status, 1, stdout);
    assert.match(stderr, /Error: the pigeon is lost\n\s+at /);
  });
