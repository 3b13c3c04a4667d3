import { execFile } from "node:child_process";
import { globSync, statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { onceAmongProcesses } from "../builders/once-among-processes.ts";

const root = join(import.meta.dirname, "../..");
const path = join(root, "dist/console/index.html");

const mtime = (file: string): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

const upToDate = (): boolean => {
  const sources = globSync("functions/{console,domain}/**/*.{ts,tsx,css,html,svg}", { cwd: root });
  const newest = Math.max(...sources.map((source) => mtime(join(root, source))));
  return mtime(path) > newest;
};

/**
 * `npm start` serves `dist/console`: builds it where it is older than its sources. Where that fails it is tried again, since somebody's own `npm run build` may
 * write the same folder at this moment; what is wrong with the sources stays wrong.
 */
export const buildConsoleOnce = (): Promise<void> =>
  onceAmongProcesses({
    path,
    isDone: upToDate,
    act: async () =>
      void (await promisify(execFile)(process.execPath, ["infra/build/build.ts", "console"], { cwd: root })),
  });
