import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./eventually.ts";

interface Task {
  /** What is made; processes that want the same thing wait. */
  readonly path: string;
  readonly isDone: () => boolean;
  readonly act: () => Promise<void>;
}

const textOf = (file: string): string => {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
};

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** False if another process holds the lock. A lock whose holder was killed is removed for the next try. */
const take = (lock: string): boolean => {
  try {
    writeFileSync(lock, `${process.pid}`, { flag: "wx" });
    return true;
  } catch {
    const holder = Number(textOf(lock));
    if (holder > 0 && !isAlive(holder)) rmSync(lock, { force: true });
    return false;
  }
};

/** Test files run side by side: of those that need the same thing, one makes it and the others wait. */
export const onceAmongProcesses = async ({ path, isDone, act }: Task): Promise<void> => {
  const lock = join(tmpdir(), `relais-${createHash("sha256").update(path).digest("hex").slice(0, 16)}.lock`);
  let failure: unknown;
  const made = eventually(`${path} is made`, async () => {
    if (isDone()) return true;
    if (!take(lock)) return false;
    try {
      if (!isDone()) await act();
      return true;
    } catch (error) {
      failure = error;
      return false;
    } finally {
      rmSync(lock, { force: true });
    }
  });
  await made.catch((cause: Error) => {
    throw new Error(cause.message, { cause: failure });
  });
};
