// `npm test` runs the checks and every kind of test, and prints the counts. `npm test -- unit contract` runs only those
// kinds. `npm test -- --note-durations` also notes in durations.json how long each file took.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { finished } from "node:stream/promises";
import { spec } from "node:test/reporters";
import { root } from "../../infra/build/repository.ts";
import { writeBatches } from "./batch.ts";
import { type Counts, canary, NONE, queries, sumOf } from "./counts.ts";
import { CPU_TIMES, readCpuTimes } from "./cpu-time.ts";
import { Durations, seconds } from "./durations.ts";
import { runFile } from "./run-file.ts";
import { type Job, runJobs } from "./schedule.ts";
import { startSharedParts } from "./shared-parts.ts";

const KINDS = ["unit", "contract", "integration", "browser", "infra"] as const;
type Kind = (typeof KINDS)[number];

/** Kinds in which some tests use Google's emulators. */
const ON_EMULATORS: readonly Kind[] = ["contract", "integration", "browser"];

/** Kinds in which some tests run the bundled functions. */
const ON_BUNDLES: readonly Kind[] = ["integration", "browser"];

/** The kinds whose files share this many processes, and how long a file may take to share one. */
const SHARED: Readonly<Partial<Record<Kind, { readonly count: number; readonly longest: number }>>> = {
  unit: { count: availableParallelism(), longest: 10_000 },
  integration: { count: 2 * availableParallelism(), longest: 30_000 },
  // They all share a browser, and most of them the same modules.
  browser: { count: availableParallelism(), longest: Number.POSITIVE_INFINITY },
  // They share a plan.
  infra: { count: 1, longest: Number.POSITIVE_INFINITY },
};
const ALONE = { count: 0, longest: 0 };

/** What a file is taken to need that has not run before: few are long, and a process of its own costs a second. */
const UNKNOWN_MS = 1_000;

const NOTE_DURATIONS = "--note-durations";
const notesDurations = process.argv.includes(NOTE_DURATIONS);
const wanted = process.argv.slice(2).filter((argument) => argument !== NOTE_DURATIONS);
const unknown = wanted.filter((kind) => ![...KINDS, "check"].includes(kind));
if (unknown.length > 0) {
  console.error(`There is no kind of test called ${unknown.join(", ")}. There are: check, ${KINDS.join(", ")}.`);
  process.exit(2);
}
const isSelected = (kind: string): boolean => wanted.length === 0 || wanted.includes(kind);
const kinds = KINDS.filter(isSelected);

const CACHE = join(root, "node_modules/.cache/tests");
/** A run compiles 40 MB, a third of it from copies and bundles that the next one has elsewhere. */
const MOST_COMPILED = 150e6;

/** Node removes nothing from its cache. */
const emptyIfLarge = (folder: string, mostBytes: number): void => {
  const files = globSync("**/*", { cwd: folder }).map((path) => statSync(join(folder, path)));
  if (files.reduce((sum, { size }) => sum + size, 0) > mostBytes) rmSync(folder, { recursive: true });
};

// Each test file and each program under test loads the same modules; Node caches them compiled, by their content.
process.env.NODE_COMPILE_CACHE = join(CACHE, "compiled");
emptyIfLarge(process.env.NODE_COMPILE_CACHE, MOST_COMPILED);

const durations = new Durations({
  cache: join(CACHE, "durations.json"),
  expected: join(root, "test/tools/durations.json"),
});
const lengthOf = (file: string): number => durations.of(file) ?? UNKNOWN_MS;

/** What the run leaves behind; tests write elsewhere. */
const directory = mkdtempSync(join(tmpdir(), "relais-run-"));
const cpuTimes = join(directory, "cpu-times");
const canaryDirectory = join(directory, "canary");
mkdirSync(canaryDirectory);
process.env[CPU_TIMES] = cpuTimes;

// esbuild, the compiler and Terraform are programs in Go, whose runs here are short: memory is there for their garbage.
process.env.GOGC ??= "400";

const needs = (some: readonly Kind[]): boolean => kinds.some((kind) => some.includes(kind));
const shared = startSharedParts({ emulators: needs(ON_EMULATORS), bundles: needs(ON_BUNDLES) }, directory);
/** Unit tests make up their secrets and record none, so their output need not be searched. */
const UNSEARCHED: NodeJS.ProcessEnv = { ...process.env };

const reporter = new spec();
reporter.pipe(process.stdout);
/** Programs say what they say when they have ended, so that nothing interrupts it. */
const say = (message: string): void => {
  reporter.write({ type: "test:stdout", data: { message } });
};

const counts = new Map<string, Counts>(kinds.map((kind) => [kind, NONE]));
const files = new Set<string>();

const runTests = async (kind: Kind, program: string): Promise<void> => {
  const env = kind === "unit" ? UNSEARCHED : shared.searchedEnvironment(canaryDirectory);
  const outcome = await runFile(program, env);
  counts.set(kind, sumOf([counts.get(kind) ?? NONE, outcome.counts]));
  for (const [path, ms] of outcome.tookMs) if (files.has(path)) durations.note(relative(root, path), ms);
  say(`\n## ${kind}\n\n`);
  for (const event of outcome.events) reporter.write(event);
};

/** The programs of each kind. */
const programs = new Map<string, readonly string[]>();

const jobsOf = (kind: Kind): readonly Job[] => {
  const found = globSync(`test/${kind}/**/*.test.ts`, { cwd: root }).toSorted();
  for (const file of found) files.add(join(root, file));
  const into = join(directory, kind);
  mkdirSync(into);
  const batches = writeBatches(found, { root, directory: into, lengthOf, ...(SHARED[kind] ?? ALONE) });
  programs.set(
    kind,
    batches.map(({ program }) => program),
  );
  const isEarly = ![...ON_EMULATORS, ...ON_BUNDLES].includes(kind);
  return batches.map(({ program, lengthMs }) => ({
    lengthMs,
    ...(isEarly ? {} : { ready: shared.ready }),
    run: () => runTests(kind, program),
  }));
};

let checked: boolean | null = null;
const check: Job = {
  // The first to begin, since it is the first that a reader wants to know.
  lengthMs: Number.POSITIVE_INFINITY,
  run: async () => {
    const child = spawn(process.execPath, ["test/tools/check.ts"], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (said += part));
    const [code] = await once(child, "close");
    checked = code === 0;
    say(`\n## check\n\n${said}`);
  },
};

const beganAtMs = Date.now();
await runJobs([...(isSelected("check") ? [check] : []), ...kinds.flatMap(jobsOf)]);
reporter.end();
await finished(reporter);
const ran = await shared.stop();
if (ran !== null) counts.set("queries", queries(ran, isSelected("contract")));
if (kinds.some((kind) => kind !== "unit")) counts.set("canary", canary(canaryDirectory, wanted.length === 0));
const tookMs = Date.now() - beganAtMs;

const cpuMs = [...readCpuTimes(cpuTimes)];
for (const [path, ms] of cpuMs) if (files.has(path)) durations.noteCpu(relative(root, path), ms);
rmSync(directory, { recursive: true, force: true });
durations.save();
if (notesDurations) durations.saveAsExpected();

const cpuOf = (kind: string): number =>
  cpuMs.filter(([path]) => programs.get(kind)?.includes(path)).reduce((sum, [, ms]) => sum + ms, 0);
const line = (name: string, { passed, failed, skipped }: Counts): string => {
  const figures = [passed, failed, skipped].map((count) => String(count).padStart(8)).join("");
  return `${name.padEnd(12)}${figures}${programs.has(name) ? `  CPU ${seconds(cpuOf(name))}` : ""}`;
};
console.log(`\nthe slowest files\n${durations.slowest(10).join("\n")}`);
console.log(`\n${"kind".padEnd(12)}  passed  failed skipped`);
if (checked !== null) console.log(`${"check".padEnd(12)}${checked ? "      ok" : "                1"}`);
for (const [name, found] of counts) console.log(line(name, found));
const total = sumOf([...counts.values()]);
const failed = total.failed + (checked === false ? 1 : 0);
console.log(`${total.passed} passed, ${failed} failed, ${total.skipped} skipped in ${seconds(tookMs).trim()}`);
process.exit(failed === 0 ? 0 : 1);
