/**
 * Cold starts as ratios: each `dist/<function>` against an empty function, started the same way on functions-framework, in interleaved
 * pairs, without compile cache. Times are not comparable between machines; ratios of medians measured in one run are.
 *
 *     npm run bench -- cold [rounds]
 *
 * Writes `test/bench/RESULTS.md`.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../builders/relais-process.ts";

const repository = new URL("../..", import.meta.url).pathname;
const FUNCTIONS =
  "authorize-start confirm-callback mail-servers send-mail deliver-mail refresh-tokens dispatch-due".split(" ");
const framework = join(repository, "node_modules/@google-cloud/functions-framework/build/src/main.js");

interface Start {
  /** From the start of the process to its first answer, milliseconds. */
  readonly firstAnswerMs: number;
  /** Peak resident memory by then, bytes (VmHWM). */
  readonly peakBytes: number;
}

const environment = (dataDir: string): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  NODE_ENV: "production",
  NODE_DISABLE_COMPILE_CACHE: "1",
  RELAIS_DATA_DIR: dataDir,
  RELAIS_PUBLIC_URL: "http://localhost:8080",
});

const peakOf = (pid: number): number => {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) * 1024;
};

/** Starts one function and asks it at once what needs no peer: an unknown path, answered 401 or 404 by the edge (or 204 by an event function). */
const start = async (source: string, target: string): Promise<Start> => {
  const port = await freePort();
  const dataDir = mkdtempSync(join(tmpdir(), "relais-cold-"));
  const startedAt = performance.now();
  const child = spawn(process.execPath, [framework, `--source=${source}`, `--target=${target}`, `--port=${port}`], {
    cwd: repository,
    env: environment(dataDir),
    stdio: "ignore",
  });
  try {
    for (;;) {
      if (child.exitCode !== null) throw new Error(`${target} ended with ${child.exitCode}`);
      try {
        const answer = await fetch(`http://127.0.0.1:${port}/v1/nothing-here`);
        await answer.arrayBuffer();
        return { firstAnswerMs: performance.now() - startedAt, peakBytes: peakOf(child.pid ?? 0) };
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    }
  } finally {
    child.kill("SIGKILL");
    rmSync(dataDir, { recursive: true, force: true });
  }
};

const median = (numbers: readonly number[]): number => {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};

const emptyFunction = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "relais-empty-"));
  writeFileSync(join(directory, "package.json"), '{"type":"module","main":"index.js"}');
  writeFileSync(
    join(directory, "index.js"),
    'const handler = (_req, res) => res.end("hello");\nexport { handler as "empty" };\n',
  );
  mkdirSync(join(directory, "node_modules"));
  return directory;
};

const rounds = Number(process.argv[2] ?? 9);
if (!existsSync(join(repository, "dist/send-mail/index.js"))) throw new Error("run `npm run build` first");
const empty = emptyFunction();
const rows: string[] = [];
for (const name of FUNCTIONS) {
  const source = join(repository, "dist", name);
  // One of each beforehand, so that neither pays for a cold disk.
  await start(source, name);
  await start(empty, "empty");
  const pairs: { readonly ours: Start; readonly empty: Start }[] = [];
  for (let round = 0; round < rounds; round++) {
    const first = round % 2 === 0;
    const a = first ? await start(source, name) : await start(empty, "empty");
    const b = first ? await start(empty, "empty") : await start(source, name);
    pairs.push(first ? { ours: a, empty: b } : { ours: b, empty: a });
  }
  const answer =
    median(pairs.map((pair) => pair.ours.firstAnswerMs)) / median(pairs.map((pair) => pair.empty.firstAnswerMs));
  const memory = median(pairs.map((pair) => pair.ours.peakBytes)) / median(pairs.map((pair) => pair.empty.peakBytes));
  const row = `| ${name} | ${answer.toFixed(2)} | ${memory.toFixed(2)} |`;
  rows.push(row);
  console.log(row);
}
rmSync(empty, { recursive: true, force: true });

const commit = spawnSync("git", ["rev-parse", "--short", "HEAD"], { cwd: repository, encoding: "utf8" }).stdout.trim();
writeFileSync(
  join(repository, "test/bench/RESULTS.md"),
  `# Cold starts, as ratios to an empty function

Made by \`npm run bench -- cold\` at commit ${commit}, Node ${process.version}, ${cpus().length} cores; ratios of medians over ${rounds} interleaved pairs,
without compile cache. First answer: from the start of the process to an answer that needs no peer. Memory: peak resident set by then.

| function | first answer | peak memory |
|---|---|---|
${rows.join("\n")}
`,
);
