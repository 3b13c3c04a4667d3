import { appendFileSync, existsSync, readdirSync, readFileSync } from "node:fs";

/** Names the file in which each test file's process records its CPU time (`cpu-time-preload.ts`). */
export const CPU_TIMES = "RELAIS_TEST_CPU_TIMES";

/** Linux counts in hundredths of a second. */
const TICK_MS = 10;

/** What Linux says of a process: its own time, that of its children that have ended, and those that run. */
const timesOf = (pid: string): { readonly own: number; readonly ended: number; readonly running: string[] } => {
  try {
    // The program's name may contain blanks; the last parenthesis ends it.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    const sum = (from: number): number => (Number(fields[from]) + Number(fields[from + 1])) * TICK_MS;
    const running = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean),
    );
    return { own: sum(11), ended: sum(13), running };
  } catch {
    // Another system, or it has just ended.
    return { own: 0, ended: 0, running: [] };
  }
};

const withDescendants = (pid: string): number => {
  const { own, ended, running } = timesOf(pid);
  return running.reduce((sum, child) => sum + withDescendants(child), own + ended);
};

/** The CPU time of this process and, on Linux, of all that it has started: a browser outlives a file of its batch. */
export const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  const { ended, running } = timesOf("self");
  return running.reduce((sum, child) => sum + withDescendants(child), (user + system) / 1_000 + ended);
};

/** Records for the runner, if it asks for it, how much CPU time a file of tests took. */
export const noteCpuTime = (file: string, ms: number): void => {
  const path = process.env[CPU_TIMES];
  if (path !== undefined) appendFileSync(path, `${JSON.stringify([file, ms])}\n`);
};

/** The CPU times by test file, as recorded in `path`. */
export const readCpuTimes = (path: string): ReadonlyMap<string, number> => {
  const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
  return new Map(lines.filter((line) => line !== "").map((line): [string, number] => JSON.parse(line)));
};
