import { execFile } from "node:child_process";
import { globSync, statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { onceAmongProcesses } from "../builders/once-among-processes.ts";

const root = join(import.meta.dirname, "../..");
const path = join(root, "dist/console/index.html");

const mtime = (file: string): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

const upToDate = (): boolean => {
  const sources = globSync("functions/{console,domain,reference}/**/*.{ts,tsx,css,html,svg,json}", { cwd: root });
  const newest = Math.max(...sources.map((source) => mtime(join(root, source))));
  return mtime(path) > newest;
};

/**
 * Builds `dist/console`, which `npm start` serves, if it is older than its sources. A failed build is retried, since
 * another `npm run build` may be writing the same folder; an error in the sources fails again.
 */
export const buildConsoleOnce = (): Promise<void> =>
  onceAmongProcesses({
    path,
    isDone: upToDate,
    act: async () =>
      void (await promisify(execFile)(process.execPath, ["infra/build/build.ts", "console"], { cwd: root })),
  });
