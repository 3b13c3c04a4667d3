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
 * Takes a data directory for this process alone: two pumps on one queue would each end the other's leases. An open SQLite transaction
 * is the lock, since the operating system lets go of it however the process ends. Answers how to give it up; null: someone else has it. Throws `StartRefused`
 * where there can be no such directory.
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
