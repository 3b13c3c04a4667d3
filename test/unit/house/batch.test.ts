import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { needsOwnProcess, writeBatches } from "../../tools/batch.ts";

const root = mkdtempSync(join(tmpdir(), "relais-batch-"));
after(() => rmSync(root, { recursive: true }));

const write = (name: string, source: string): string => {
  writeFileSync(join(root, name), source);
  return name;
};

/** Runs it as the runner runs a file of tests, not as a part of this one. */
const runProgram = (program: string) => {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return spawnSync(process.execPath, [program], { encoding: "utf8", env });
};

it("keeps the hooks of each file to its own tests", () => {
  const files = ["a", "b"].map((name) =>
    write(
      `${name}.test.ts`,
      `import { beforeEach, test } from "node:test";
      beforeEach(({ name }) => console.log("hook of ${name} before", name));
      test("${name}1", () => undefined);
      test("${name}2", () => undefined);`,
    ),
  );
  const [program = "", ...more] = writeBatches(files, { root, directory: root, count: 1 });
  assert.deepEqual(more, []);
  const { status, stdout } = runProgram(program);
  assert.equal(status, 0, stdout);
  const hooks = stdout.split("\n").filter((line) => line.startsWith("hook of"));
  assert.deepEqual(hooks, ["hook of a before a1", "hook of a before a2", "hook of b before b1", "hook of b before b2"]);
});

it("fails for a file that cannot be loaded, and runs the others", () => {
  const files = [
    write("broken.test.ts", 'import "./nowhere.ts";'),
    write("whole.test.ts", 'import { test } from "node:test"; test("whole", () => console.log("it ran"));'),
  ];
  const { status, stdout } = runProgram(writeBatches(files, { root, directory: root, count: 1 })[0] ?? "");
  assert.equal(status, 1);
  assert.match(stdout, /it ran/);
});

it("runs all files in one program, except those that change the environment, which get their own", () => {
  const files = ["1", "2", "3", "4"].map((name) => write(`${name}.test.ts`, ""));
  files.push(write("env.test.ts", "process.env.HOME = '/tmp';"));
  const programs = writeBatches(files, { root, directory: root, count: 3 });
  const dealt = programs.map((program) =>
    files.filter((file) => program.endsWith(file) || readFileSync(program, "utf8").includes(`"${file}"`)),
  );
  assert.deepEqual(dealt, [["1.test.ts", "4.test.ts"], ["2.test.ts"], ["3.test.ts"], ["env.test.ts"]]);
});

it("distinguishes code that changes the environment from code that reads it", () => {
  for (const source of ["process.env.A = 1", 'process.env["A"] = 1', "delete process.env.A", "process.env[name] = x"])
    assert.ok(needsOwnProcess(source), source);
  for (const source of ["process.env.A === 1", "const a = process.env.A;", "{ ...process.env }"])
    assert.ok(!needsOwnProcess(source), source);
});
