import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/**
 * Takes a data directory for this process alone: two pumps on one queue would each end the other's leases. An open SQLite transaction
 * is the lock, since the operating system lets go of it however the process ends. Answers how to give it up; null: someone else has it.
 */
export const lockDataDir = (dataDir: string): (() => void) | null => {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(join(dataDir, "in-use.lock"), { timeout: 0 });
  try {
    database.exec("BEGIN EXCLUSIVE");
    return () => database.close();
  } catch {
    database.close();
    return null;
  }
};
