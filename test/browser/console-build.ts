import { execFileSync } from "node:child_process";
import { globSync, mkdirSync, rmdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../builders/eventually.ts";

const root = join(import.meta.dirname, "../..");
const LOCK = join(tmpdir(), "relais-console-build");

const mtime = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

const upToDate = (): boolean => {
  const sources = globSync("functions/{console,domain}/**/*.{ts,tsx,css,html,svg}", { cwd: root });
  const newest = Math.max(...sources.map((path) => mtime(join(root, path))));
  return mtime(join(root, "dist/console/index.html")) > newest;
};

/** `npm start` serves `dist/console`: builds it where it is older than its sources. Test files run side by side, so one of them builds. */
export const buildConsoleOnce = async (): Promise<void> => {
  let failure: unknown;
  const built = eventually("the console is built", () => {
    if (upToDate()) return true;
    try {
      mkdirSync(LOCK);
    } catch {
      // Another test builds it; a lock left by a killed run is no reason to wait for ever.
      if (Date.now() - mtime(LOCK) > 60_000) rmdirSync(LOCK);
      return false;
    }
    try {
      execFileSync(process.execPath, [".scripts/build.ts", "console"], {
        cwd: root,
        stdio: ["ignore", "ignore", "pipe"],
      });
      return true;
    } catch (error) {
      // Somebody's own `npm run build` writes the same folder at this moment; what is wrong with the sources stays wrong.
      failure = error;
      return false;
    } finally {
      rmdirSync(LOCK);
    }
  });
  await built.catch((cause: Error) => {
    throw new Error(cause.message, { cause: failure });
  });
};
