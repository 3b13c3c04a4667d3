import { join } from "node:path";
import { run } from "node:test";
import type { TestEvent } from "node:test/reporters";
import { pathToFileURL } from "node:url";
import { root } from "../../infra/build/repository.ts";
import { type Counts, NONE } from "./counts.ts";

/** A client of Google's may repeat a call for minutes, which must not delay the suite once a file's tests are done. */
const END_WHEN_DONE = pathToFileURL(join(root, "test/builders/end-when-done.ts")).href;
const NOTE_CPU_TIME = pathToFileURL(join(root, "test/tools/cpu-time-preload.ts")).href;
const UNTRACKED = pathToFileURL(join(root, "test/tools/untracked-preload.ts")).href;
const execArgv = ["--import", UNTRACKED, "--import", NOTE_CPU_TIME, "--import", END_WHEN_DONE];

/**
 * No process takes this long, even on a machine that is five times as busy; a hanging one must not delay everything.
 */
const TIMEOUT_MS = 20 * 60_000;

/** What Node says at the end of each run; the suite says it once for all. */
const TOTAL = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/;

// Each run listens to how this process ends, and as many run as the machine bears.
process.setMaxListeners(0);

interface Outcome {
  readonly counts: Counts;
  /** What a reporter can show, in order. */
  readonly events: readonly TestEvent[];
  /** How long each file took that it ran, by path. */
  readonly tookMs: ReadonlyMap<string, number>;
}

/** Runs a program of tests in a process of its own. */
export const runFile = async (program: string, env: NodeJS.ProcessEnv): Promise<Outcome> => {
  const events: TestEvent[] = [];
  const tookMs = new Map<string, number>();
  let counts = NONE;
  const said: AsyncIterable<TestEvent> = run({ files: [program], cwd: root, timeout: TIMEOUT_MS, execArgv, env });
  for await (const event of said) {
    const { type, data } = event;
    if (type === "test:diagnostic" && data.nesting === 0 && TOTAL.test(data.message)) continue;
    // The reporter would print what has failed after each program; it prints all of that at the end.
    if (type !== "test:summary") events.push(event);
    // A batch reports each file that it runs as a suite of that name.
    if ((type === "test:pass" || type === "test:fail") && data.nesting === 0)
      tookMs.set(join(root, data.name), data.details.duration_ms);
    if (type !== "test:summary") continue;
    if (data.file !== undefined) {
      tookMs.set(data.file, data.duration_ms);
      continue;
    }
    const { tests, passed, skipped, todo } = data.counts;
    const failed = tests - passed - skipped - todo;
    // A suite that fails before its first test, such as a file of a batch that cannot be loaded, counts as no test.
    counts = { passed, failed: data.success ? failed : Math.max(1, failed), skipped: skipped + todo };
  }
  return { counts, events, tookMs };
};
