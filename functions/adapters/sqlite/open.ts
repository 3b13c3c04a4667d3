import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Clock } from "../../domain/clock.ts";
import type { Patience } from "../../domain/patience.ts";
import type { Publisher } from "../../domain/publisher.ts";
import type { Randomness } from "../../domain/randomness.ts";
import type { Records } from "../../domain/records.ts";
import type { Sealer } from "../../domain/sealer.ts";
import type { SecretVault } from "../../domain/secret-vault.ts";
import { type Connection, openConnection } from "./connection.ts";
import { prepareSchema } from "./schema.ts";
import { type SqliteQueue, sqliteQueue } from "./sqlite-queue.ts";
import { eraseExpired, sqliteRecords } from "./sqlite-records.ts";
import { sqliteSecretVault } from "./sqlite-secret-vault.ts";

export interface SqliteStore {
  readonly records: Records;
  readonly vault: SecretVault;
  readonly publisher: Publisher;
  readonly queue: SqliteQueue;
  /** Erases records whose `eraseAtMs` has come, as Firestore's TTL policy does, and returns their number. */
  eraseExpired(nowMs: number): number;
  /** Removes erased text from the file's log too; must be called every few seconds. */
  emptyLog(): void;
  close(): void;
}

interface StoreDeps {
  readonly clock: Clock;
  readonly random: Randomness;
  readonly sealer: Sealer;
}

/**
 * The embedded store: records, sealed secrets and the queue in one SQLite file (or `:memory:`), mode 0600. Several
 * processes may share a file. Whatever a method has confirmed survives a kill and a power cut. Throws `Unavailable` if
 * the file cannot be opened.
 */
export const openSqliteStore = ({
  path,
  clock,
  random,
  sealer,
  patience,
}: StoreDeps & {
  readonly path: string;
  /** The patience of the current request. Without it, each call has its own. */
  readonly patience?: () => Patience;
}): SqliteStore => {
  if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const connection = openConnection(path, patience);
  try {
    prepareSchema(connection);
    connection.ready();
  } catch (error) {
    connection.close();
    throw error;
  }
  return storeOn(connection, { clock, random, sealer });
};

/** The store by a connection whose tables are prepared. */
export const storeOn = (connection: Connection, { clock, random, sealer }: StoreDeps): SqliteStore => {
  const { publisher, ...queue } = sqliteQueue(connection, clock);
  return {
    records: sqliteRecords(connection),
    vault: sqliteSecretVault(connection, { sealer, random }),
    publisher,
    queue,
    eraseExpired: (nowMs) => eraseExpired(connection, nowMs),
    emptyLog: () => connection.emptyLog(),
    close: () => connection.close(),
  };
};
