import { appendFileSync, existsSync, readFileSync } from "node:fs";

/** Names the file in which each test file's process records its CPU time (`cpu-time-preload.ts`). */
export const CPU_TIMES = "RELAIS_TEST_CPU_TIMES";

/** Linux counts in hundredths of a second. */
const TICK_MS = 10;

/** The CPU time of children that have ended, which only Linux reports. */
const childrenMs = (): number => {
  if (!existsSync("/proc/self/stat")) return 0;
  // The program's name may contain blanks; the last parenthesis ends it.
  const fields = readFileSync("/proc/self/stat", "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[13]) + Number(fields[14])) * TICK_MS;
};

/** The CPU time of this process and of its children that have ended. */
export const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000 + childrenMs();
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
