import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StartRefused } from "./options.ts";

const openLock = (dataDir: string): DatabaseSync => {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    return new DatabaseSync(join(dataDir, "in-use.lock"), { timeout: 0 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartRefused(
      `RELAIS_DATA_DIR: ${dataDir} is not a writable folder (${reason}). Choose another folder, or fix its permissions.`,
    );
  }
};

/**
 * Takes a data directory for this process only: two pumps on one queue would end each other's leases. The lock is an
 * open SQLite transaction, which the operating system releases however the process ends. Returns a function that
 * releases it, or null if another process has it. Throws `StartRefused` if the directory cannot exist.
 */
export const lockDataDir = (dataDir: string): (() => void) | null => {
  const database = openLock(dataDir);
  try {
    database.exec("BEGIN EXCLUSIVE");
    return () => database.close();
  } catch {
    database.close();
    return null;
  }
};
