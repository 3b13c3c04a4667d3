import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { deal, needsOwnProcess, writeBatches } from "../../tools/batch.ts";
import { CPU_TIMES, readCpuTimes } from "../../tools/cpu-time.ts";

const root = mkdtempSync(join(tmpdir(), "relais-batch-"));
after(() => rmSync(root, { recursive: true }));

/** Written apart, or this file would be taken for one that changes the environment, and get a process of its own. */
const ENV = ["process", "env"].join(".");

/** Of files of unknown length. */
const batches = { root, directory: root, lengthOf: (_file: string) => 0, longest: 100 };

const programsOf = (files: readonly string[], more: Partial<typeof batches> & { readonly count: number }) =>
  writeBatches(files, { ...batches, ...more }).map(({ program }) => program);

const write = (name: string, source: string): string => {
  writeFileSync(join(root, name), source);
  return name;
};

/** Runs it as the runner runs a file of tests, not as a part of this one. */
const runProgram = (program: string, more: Readonly<Record<string, string>> = {}) => {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return spawnSync(process.execPath, [program], { encoding: "utf8", env: { ...env, ...more } });
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
  const [program = "", ...more] = programsOf(files, { count: 1 });
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
  const { status, stdout } = runProgram(programsOf(files, { count: 1 })[0] ?? "");
  assert.equal(status, 1);
  assert.match(stdout, /it ran/);
});

it("runs all files in one program, except those that change the environment, which get their own", () => {
  const files = ["1", "2", "3", "4"].map((name) => write(`${name}.test.ts`, ""));
  files.push(write("env.test.ts", `${ENV}.HOME = '/tmp';`));
  const programs = programsOf(files, { count: 3 });
  const dealt = programs.map((program) =>
    files.filter((file) => program.endsWith(file) || readFileSync(program, "utf8").includes(`"${file}"`)),
  );
  assert.deepEqual(dealt, [["env.test.ts"], ["1.test.ts", "4.test.ts"], ["2.test.ts"], ["3.test.ts"]]);
});

it("distinguishes code that changes the environment from code that reads it", () => {
  for (const source of [`${ENV}.A = 1`, `${ENV}["A"] = 1`, `delete ${ENV}.A`, `${ENV}[name] = x`])
    assert.ok(needsOwnProcess(source), source);
  for (const source of [`${ENV}.A === 1`, `const a = ${ENV}.A;`, `{ ...${ENV} }`])
    assert.ok(!needsOwnProcess(source), source);
});

it("deals out files so that all programs take about as long, and lets long ones run alone", () => {
  const lengths = { a: 50, b: 30, c: 25, d: 10, e: 5 };
  assert.deepEqual(
    deal(Object.keys(lengths), 2, (file) => lengths[file as keyof typeof lengths]),
    [
      ["a", "d"],
      ["b", "c", "e"],
    ],
  );
  const files = ["long", "short"].map((name) => write(`${name}.test.ts`, ""));
  const lengthOf = (file: string): number => (file === "long.test.ts" ? 101 : 100);
  const [first = "", second = "", ...others] = programsOf(files, { count: 4, lengthOf });
  assert.deepEqual(others, []);
  assert.equal(first, join(root, "long.test.ts"));
  assert.match(readFileSync(second, "utf8"), /"short\.test\.ts"/);
});

it("runs files that share a stack in one program", () => {
  const sharing = ["reads-1.test.ts", "reads-2.test.ts", "reads-3.test.ts"];
  for (const file of sharing) write(file, "const stack = await readOnlyStack();");
  const files = [...sharing, ...["5", "6"].map((name) => write(`${name}.test.ts`, ""))];
  const dealt = programsOf(files, { count: 2, lengthOf: () => 10 }).map((program) =>
    files.filter((file) => readFileSync(program, "utf8").includes(`"${file}"`)),
  );
  assert.deepEqual(dealt, [sharing, ["5.test.ts", "6.test.ts"]]);
});

it("notes the CPU time of each file, with what its last hook does", () => {
  const busy = (ms: number) => `for (const endMs = Date.now() + ${ms}; Date.now() < endMs; );`;
  const files = [
    write("idle.test.ts", 'import { test } from "node:test"; test("idle", () => undefined);'),
    write(
      "busy.test.ts",
      `import { after, test } from "node:test"; test("x", () => undefined); after(() => { ${busy(300)} });`,
    ),
  ];
  const path = join(root, "cpu-times");
  const { status, stdout } = runProgram(programsOf(files, { count: 1 })[0] ?? "", { [CPU_TIMES]: path });
  assert.equal(status, 0, stdout);
  const [idleMs = 0, busyMs = 0] = files.map((file) => readCpuTimes(path).get(join(root, file)));
  assert.ok(busyMs > idleMs, `${busyMs} ms, ${idleMs} ms`);
});
