/**
 * Measures cold starts as ratios: each `dist/<function>` against an empty function, started the same way on
 * functions-framework, in interleaved pairs, without a compile cache. Times are not comparable between machines, but
 * ratios of medians from one run are.
 *
 * npm run bench -- cold [rounds]
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FunctionName } from "../../functions/runtime/functions.ts";
import { freePort } from "../../functions/runtime/local/free-port.ts";
import { connectedServer } from "../builders/connected-stack.ts";
import { startDeployedStack } from "../builders/deployed-stack.ts";
import { type ColdFacts, coldRow } from "./page/cold.ts";
import { watchPeers } from "./peers.ts";
import { type RealRequest, realRequest } from "./real-requests.ts";
import { record } from "./record.ts";
import { median, type Spread, spreadOf } from "./statistics.ts";

const repository = new URL("../..", import.meta.url).pathname;
const FUNCTIONS: readonly FunctionName[] = [
  "authorize-start",
  "confirm-callback",
  "mail-servers",
  "send-mail",
  "deliver-mail",
  "refresh-tokens",
  "dispatch-due",
  "mail-documents",
];
const framework = join(repository, "node_modules/@google-cloud/functions-framework/build/src/main.js");

interface Start {
  /** From the start of the process to its first answer, in milliseconds. */
  readonly firstAnswerMs: number;
  /** The processor time of its main thread by then, in milliseconds. It does not grow with what others do. */
  readonly cpuMs: number;
  /** The peak resident memory by then, in bytes (VmHWM). */
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

/** The first number in the main thread's schedstat, in nanoseconds (docs.kernel.org/scheduler/sched-stats.html). */
const cpuMsOf = (pid: number): number => Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[0]) / 1e6;

const NEEDS_NO_PEER: RealRequest = { path: "/v1/nothing-here", init: {}, status: 0 };

interface Launch {
  readonly source: string;
  readonly target: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** Starts one function, requests it at once, and measures from the process's start. Status 0 accepts any status. */
const start = async ({ source, target, environment }: Launch, asked = NEEDS_NO_PEER): Promise<Start> => {
  const port = await freePort();
  const startedAt = performance.now();
  const child = spawn(process.execPath, [framework, `--source=${source}`, `--target=${target}`, `--port=${port}`], {
    cwd: repository,
    env: environment,
    stdio: "ignore",
  });
  try {
    const status = await ask(child, `http://127.0.0.1:${port}${asked.path}`, asked.init);
    if (asked.status !== 0 && status !== asked.status) throw new Error(`${target} answered ${status}`);
    const firstAnswerMs = performance.now() - startedAt;
    return { firstAnswerMs, cpuMs: cpuMsOf(child.pid ?? 0), peakBytes: peakOf(child.pid ?? 0) };
  } finally {
    child.kill("SIGKILL");
  }
};

/** Tries until it listens. */
const ask = async (child: ChildProcess, url: string, init: RequestInit): Promise<number> => {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${url}: the function ended with ${child.exitCode}`);
    try {
      const answer = await fetch(url, init);
      await answer.arrayBuffer();
      return answer.status;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
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
const empty = emptyFunction();
const dataDir = mkdtempSync(join(tmpdir(), "relais-cold-"));
const stack = await startDeployedStack();
const server = await connectedServer(stack);
const peers = watchPeers();

/**
 * The variables that name a peer, redirected through the measuring proxy. The issuer is a name, compared letter by
 * letter.
 */
const throughPeers = async (variables: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>> => {
  const sandbox = await peers.before(new URL(variables.GOOGLE_ISSUER ?? "").host);
  const named = Object.entries(variables).map(async ([name, value]) => {
    if (name.endsWith("_EMULATOR_HOST")) return [name, await peers.before(value)] as const;
    if (name === "GMAIL_SMTP_PORT")
      return [name, (await peers.before(`127.0.0.1:${value}`)).split(":")[1] ?? ""] as const;
    if (!/_ENDPOINT$|_URI$|_ROOT_URL$/.test(name)) return [name, value] as const;
    return [name, value.replace(/(?<=:\/\/)[^/]+/, sandbox)] as const;
  });
  return Object.fromEntries(await Promise.all(named));
};
const real: NodeJS.ProcessEnv = {
  ...(await throughPeers(stack.variables)),
  PATH: process.env.PATH,
  NODE_DISABLE_COMPILE_CACHE: "1",
};

/** Measures until the first answer that needs its peers, minus the time spent waiting for them. */
const startReal = async (launch: Launch, name: FunctionName): Promise<Start> => {
  const asked = await realRequest(stack, name, server);
  peers.reset();
  const found = await start({ ...launch, environment: { ...real, K_SERVICE: name } }, asked);
  return { ...found, firstAnswerMs: found.firstAnswerMs - peers.waitedMs() };
};

const ratio = (ours: readonly number[], theirs: readonly number[]): Spread => ({
  ...spreadOf(ours.map((one, round) => one / (theirs[round] ?? Number.NaN))),
  median: median(ours) / median(theirs),
});

const results: ColdFacts["results"][number][] = [];
for (const name of FUNCTIONS) {
  const ours: Launch = { source: join(stack.dist, name), target: name, environment: environment(dataDir) };
  const other: Launch = { source: empty, target: "empty", environment: environment(dataDir) };
  // One start of each first, so that neither pays for a cold disk.
  await start(ours);
  await start(other);
  const found: Record<"empty" | "first" | "real", Start[]> = { empty: [], first: [], real: [] };
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) found.empty.push(await start(other));
    found.first.push(await start(ours));
    found.real.push(await startReal(ours, name));
    if (round % 2 === 1) found.empty.push(await start(other));
  }
  const compared = (of: keyof Start, kind: "first" | "real"): Spread =>
    ratio(
      found[kind].map((one) => one[of]),
      found.empty.map((one) => one[of]),
    );
  const answers = (of: keyof Start) => ({ first: compared(of, "first"), real: compared(of, "real") });
  const ratios = {
    cpuMs: answers("cpuMs"),
    firstAnswerMs: answers("firstAnswerMs"),
    peakBytes: answers("peakBytes"),
  };
  results.push({ function: name, ratios });
  console.log(results.slice(-1).map(coldRow).join(""));
}
peers.close();
await stack.stop();
for (const directory of [empty, dataDir]) rmSync(directory, { recursive: true, force: true });

record("cold", [rounds], { rounds, results });
process.exit(0);
