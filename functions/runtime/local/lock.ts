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

/** Node closes a database that nothing refers to any more, so a caller that dropped its release would lose the lock. */
const held = new Set<DatabaseSync>();

/**
 * Takes a data directory for this process only: two pumps on one queue would end each other's leases. The lock is an
 * open SQLite transaction, which lasts until it is released or the process ends, however that happens. Returns a
 * function that releases it, or null if it is taken. Throws `StartRefused` if the directory cannot exist.
 */
export const lockDataDir = (dataDir: string): (() => void) | null => {
  const database = openLock(dataDir);
  try {
    database.exec("BEGIN EXCLUSIVE");
    held.add(database);
    return () => {
      if (held.delete(database)) database.close();
    };
  } catch {
    database.close();
    return null;
  }
};
