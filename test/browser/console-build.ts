import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { globSync, mkdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../builders/eventually.ts";

const root = join(import.meta.dirname, "../..");
/** One for each copy of the repository: another's suite builds another folder. */
const LOCK = join(tmpdir(), `relais-console-build-${createHash("sha256").update(root).digest("hex").slice(0, 12)}`);
/** No build takes that long: whoever made the lock was killed. */
const STALE_MS = 120_000;

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
      // Another test builds it, or has done so just now, and taken its lock away.
      const madeMs = mtime(LOCK);
      if (madeMs > 0 && Date.now() - madeMs > STALE_MS) rmSync(LOCK, { recursive: true, force: true });
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
      rmSync(LOCK, { recursive: true, force: true });
    }
  });
  await built.catch((cause: Error) => {
    throw new Error(cause.message, { cause: failure });
  });
};
