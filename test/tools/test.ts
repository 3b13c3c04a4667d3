// `npm test` runs the checks, then every kind of test, and prints the counts. `npm test -- unit contract` runs only
// those kinds. `npm test -- --note-durations` also notes in durations.json how long each file took.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { pathToFileURL } from "node:url";
import { deployableFunctions, root } from "../../infra/build/repository.ts";
import { CHANNELS, scanDirectory, suiteEnvironment } from "../builders/canary.ts";
import { emulatorsMissing, type StartedEmulators, startEmulators } from "../builders/emulators.ts";
import { BUNDLED_PROGRAMS } from "../builders/program-path.ts";
import { bundlePrograms } from "../builders/programs.ts";
import { writeBatches } from "./batch.ts";
import { CPU_TIMES, readCpuTimes } from "./cpu-time.ts";
import { Durations, seconds } from "./durations.ts";

const KINDS = ["unit", "contract", "integration", "browser", "infra"] as const;
type Kind = (typeof KINDS)[number];

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const NONE: Counts = { passed: 0, failed: 0, skipped: 0 };

/**
 * Kinds in which some tests use Google's emulators. They share one pair, which takes 8 s to start; each test uses a
 * project id of its own.
 */
const ON_EMULATORS: readonly Kind[] = ["contract", "integration", "browser"];

/** Kinds in which some tests run the bundled functions, which are bundled once. */
const ON_BUNDLES: readonly Kind[] = ["integration", "browser"];

/** Bundles what tests start again and again, in a folder as deep in the repository as the sources. */
const buildPrograms = async (): Promise<string> => {
  mkdirSync(join(root, "node_modules/.cache"), { recursive: true });
  const folder = mkdtempSync(join(root, "node_modules/.cache/relais-programs-"));
  await bundlePrograms(folder);
  return folder;
};

const build = async (): Promise<string> => {
  const out = mkdtempSync(join(tmpdir(), "relais-suite-dist-"));
  const args = [join(root, "infra/build/build.ts"), "--out", out, ...deployableFunctions(), "submission"];
  const [code] = await once(spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] }), "exit");
  if (code !== 0) throw new Error("the functions could not be bundled");
  return out;
};

/** A client of Google's may repeat a call for minutes, which must not delay the suite once a file's tests are done. */
const END_WHEN_DONE = pathToFileURL(join(root, "test/builders/end-when-done.ts")).href;
const NOTE_CPU_TIME = pathToFileURL(join(root, "test/tools/cpu-time-preload.ts")).href;

/**
 * No process takes this long, even on a machine that is five times as busy; a hanging one must not delay everything.
 */
const TIMEOUT_MS = 20 * 60_000;

/**
 * Kinds in the same stage run at once, each lane of them one after the other: tests of one kind work while those of
 * another wait for a timeout, a back-off or another process.
 */
const STAGES: readonly (readonly (readonly Kind[])[])[] = [
  [["unit"]],
  [["integration"], ["contract", "browser", "infra"]],
];

/** How many test files of a kind run at once. */
const concurrencyOf = (kind: Kind): number => availableParallelism() + (kind === "integration" ? 1 : 0);

const CACHE = join(root, "node_modules/.cache/tests");
/** A run compiles 40 MB, a third of it from copies and bundles that the next one has elsewhere. */
const MOST_COMPILED = 150e6;

/** Node removes nothing from its cache. */
const emptyIfLarge = (folder: string, mostBytes: number): void => {
  const files = globSync("**/*", { cwd: folder }).map((path) => statSync(join(folder, path)));
  if (files.reduce((sum, { size }) => sum + size, 0) > mostBytes) rmSync(folder, { recursive: true });
};

const durations = new Durations({
  cache: join(CACHE, "durations.json"),
  expected: join(root, "test/tools/durations.json"),
});

/** The kinds whose files share this many processes, and how long a file may take to share one. */
const SHARED: Readonly<Partial<Record<Kind, { readonly count: number; readonly longest: number }>>> = {
  unit: { count: 2 * availableParallelism(), longest: 10_000 },
  integration: { count: 4 * availableParallelism(), longest: 8_000 },
  // They all share a browser, and most of them the same modules.
  browser: { count: availableParallelism(), longest: Number.POSITIVE_INFINITY },
};

/** What a file is taken to need that has not run before: few are long, and a process of its own costs a second. */
const UNKNOWN_MS = 1_000;

/** The programs that run these files. */
const programsFor = (kind: Kind, files: readonly string[], directory: string): readonly string[] => {
  const shared = SHARED[kind];
  if (shared === undefined) return files;
  const lengthOf = (file: string): number => durations.of(file) ?? UNKNOWN_MS;
  return writeBatches(files, { root, directory, lengthOf, ...shared });
};

/** How long each kind took, and how much of it the processors were busy. */
const tookBy = new Map<string, string>();

/** Resolves when the kinds that began before have been printed. */
let printed: Promise<void> = Promise.resolve();

/** Prints as it comes what no other kind interrupts; holds it back until then. */
const print = (texts: AsyncIterable<string>): void => {
  const before = printed;
  const held: string[] = [];
  let isOurTurn = false;
  const turn = before.then(() => {
    isOurTurn = true;
    process.stdout.write(held.splice(0).join(""));
  });
  printed = (async () => {
    for await (const text of texts) isOurTurn ? process.stdout.write(text) : held.push(text);
    await turn;
  })();
};

const cpuTimes = join(mkdtempSync(join(tmpdir(), "relais-cpu-times-")), "cpu-times");

const runKind = async (kind: Kind): Promise<Counts> => {
  const files = durations.longestFirst(globSync(`test/${kind}/**/*.test.ts`, { cwd: root }));
  if (files.length === 0) return NONE;
  const directory = mkdtempSync(join(tmpdir(), "relais-run-"));
  const programs = programsFor(kind, files, directory);
  let counts = NONE;
  const concurrency = concurrencyOf(kind);
  const beganAtMs = Date.now();
  process.env[CPU_TIMES] = cpuTimes;
  const execArgv = ["--import", NOTE_CPU_TIME, "--import", END_WHEN_DONE];
  const events = run({ files: [...programs], cwd: root, concurrency, timeout: TIMEOUT_MS, execArgv });
  events.on("test:summary", ({ file, counts: found, duration_ms: tookMs, success }) => {
    if (file !== undefined) {
      // A batch is not one of them; it reports each file that it runs.
      if (files.includes(relative(root, file))) durations.note(relative(root, file), tookMs);
      return;
    }
    const failed = found.tests - found.passed - found.skipped - found.todo;
    // A suite that fails before its first test, such as a file of a batch that cannot be loaded, counts as no test.
    const failures = success ? failed : Math.max(1, failed);
    counts = { passed: found.passed, failed: failures, skipped: found.skipped + found.todo };
  });
  for (const outcome of ["test:pass", "test:fail"] as const)
    events.on(outcome, ({ name, nesting, details }) => {
      if (nesting === 0 && files.includes(name)) durations.note(name, details.duration_ms);
    });
  const ended = once(events, "end").then(() => Date.now() - beganAtMs);
  const texts = async function* () {
    yield `\n## ${kind}\n\n`;
    for await (const text of events.compose(new spec())) yield String(text);
  };
  print(texts());
  const tookMs = await ended;
  const noted = [...readCpuTimes(cpuTimes)];
  for (const [file, ms] of noted) if (files.includes(relative(root, file))) durations.noteCpu(relative(root, file), ms);
  const busyMs = noted.filter(([file]) => programs.some((one) => file.endsWith(one)));
  rmSync(directory, { recursive: true, force: true });
  tookBy.set(kind, `${seconds(tookMs)}, CPU ${seconds(busyMs.reduce((sum, [, ms]) => sum + ms, 0))}`);
  return counts;
};

const check = (): boolean => {
  console.log("## check\n");
  return spawnSync(process.execPath, ["test/tools/check.ts"], { cwd: root, stdio: "inherit" }).status === 0;
};

/**
 * Searches all output of the suite for every secret that it knew. A whole suite without any secret, or with a silent
 * channel, proves nothing and fails.
 */
const canary = (directory: string, whole: boolean): Counts => {
  const { secrets, outputs, findings } = scanDirectory(directory);
  const sum = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);
  const silent = whole ? CHANNELS.filter((channel) => !outputs.has(channel)) : [];
  console.log(`\n## canary\n\n${sum(secrets)} secrets sought in ${sum(outputs)} outputs`);
  for (const [kind, count] of secrets) console.log(`  ${kind}: ${count}`);
  for (const { kind, channel, where, spelling } of findings)
    console.error(`leak: ${kind} in ${channel}, ${where} (${spelling})`);
  for (const channel of silent) console.error(`nothing was noted in channel ${channel}`);
  const failed = findings.length + silent.length + (whole && secrets.size === 0 ? 1 : 0);
  return { passed: failed === 0 ? 1 : 0, failed, skipped: 0 };
};

/**
 * A query that ran on the emulator but is not in the table would have no index in production. Seeing none at all proves
 * nothing and fails.
 */
const queries = ({ known, unknownQueries }: StartedEmulators["queries"], some: boolean): Counts => {
  console.log(`\n## queries\n\n${known()} queries ran on Firestore's emulator that functions/domain/queries.ts holds`);
  for (const query of unknownQueries()) console.error(`not in the table: ${query}`);
  const failed = unknownQueries().length + (some && known() === 0 ? 1 : 0);
  return { passed: failed === 0 ? 1 : 0, failed, skipped: 0 };
};

const NOTE_DURATIONS = "--note-durations";
const notesDurations = process.argv.includes(NOTE_DURATIONS);
const wanted = process.argv.slice(2).filter((argument) => argument !== NOTE_DURATIONS);
const unknown = wanted.filter((kind) => ![...KINDS, "check"].includes(kind));
if (unknown.length > 0) {
  console.error(`There is no kind of test called ${unknown.join(", ")}. There are: check, ${KINDS.join(", ")}.`);
  process.exit(2);
}
const isSelected = (kind: string): boolean => wanted.length === 0 || wanted.includes(kind);

const checked = isSelected("check") ? check() : null;
const rows: [string, Counts][] = [];
// Each test file and each program under test loads the same modules; Node caches them compiled, by their content.
process.env.NODE_COMPILE_CACHE = join(CACHE, "compiled");
emptyIfLarge(process.env.NODE_COMPILE_CACHE, MOST_COMPILED);
const kinds = KINDS.filter(isSelected);
// Both are awaited only where they are needed; until then, the unit tests run beside them.
const emulators = kinds.some((kind) => ON_EMULATORS.includes(kind)) && !emulatorsMissing() ? startEmulators() : null;
const [bundles, programs] = kinds.some((kind) => ON_BUNDLES.includes(kind)) ? [build(), buildPrograms()] : [null, null];
for (const begun of [emulators, bundles, programs]) begun?.catch(() => undefined);
const canaryDirectory = mkdtempSync(join(tmpdir(), "relais-canary-"));
for (const lanes of STAGES) {
  const stage = lanes.flat().filter(isSelected);
  if (stage.some((kind) => ON_EMULATORS.includes(kind))) Object.assign(process.env, (await emulators)?.environment);
  if (stage.some((kind) => ON_BUNDLES.includes(kind))) {
    process.env.RELAIS_TEST_DIST = (await bundles) ?? "";
    process.env[BUNDLED_PROGRAMS] = (await programs) ?? "";
  }
  // Unit tests make up their secrets and record none, so their output need not be searched.
  if (stage.some((kind) => kind !== "unit")) {
    process.env.RELAIS_CANARY_DIR = canaryDirectory;
    Object.assign(process.env, suiteEnvironment());
  }
  const runLane = async (lane: readonly Kind[]): Promise<void> => {
    for (const kind of lane.filter(isSelected)) rows.push([kind, await runKind(kind)]);
  };
  await Promise.all(lanes.map(runLane));
  await printed;
}
const order: readonly string[] = KINDS;
rows.sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
rmSync(dirname(cpuTimes), { recursive: true, force: true });
const started = await emulators;
if (started !== null) {
  await started.stop();
  rows.push(["queries", queries(started.queries, isSelected("contract"))]);
}
for (const folder of [await bundles, await programs])
  if (folder !== null) rmSync(folder, { recursive: true, force: true });
if (process.env.RELAIS_CANARY_DIR !== undefined) rows.push(["canary", canary(canaryDirectory, wanted.length === 0)]);
rmSync(canaryDirectory, { recursive: true, force: true });

const total = rows.reduce(
  (sum, [, counts]) => ({
    passed: sum.passed + counts.passed,
    failed: sum.failed + counts.failed,
    skipped: sum.skipped + counts.skipped,
  }),
  { ...NONE, failed: checked === false ? 1 : 0 },
);

durations.save();
if (notesDurations) durations.saveAsExpected();
console.log(`\nthe slowest files\n${durations.slowest(10).join("\n")}`);
const line = (name: string, counts: Counts): string =>
  [name.padEnd(12), ...[counts.passed, counts.failed, counts.skipped].map((count) => String(count).padStart(8))].join(
    "",
  );
console.log(`\n${"kind".padEnd(12)}  passed  failed skipped`);
if (checked !== null) console.log(`${"check".padEnd(12)}${checked ? "      ok" : "                1"}`);
for (const [kind, counts] of rows) console.log(`${line(kind, counts)}${tookBy.get(kind) ?? ""}`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 ? 0 : 1);
