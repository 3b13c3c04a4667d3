import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** The sandbox's memory: `:memory:`, or a file that survives a kill. Times are milliseconds since the epoch. */
export interface State {
  readonly database: DatabaseSync;
  /** Whether it outlives the process. */
  readonly isKept: boolean;
  /** A value that is made once and stored. */
  getOrMake(key: string, make: () => string | Promise<string>): Promise<string>;
  readMeta(key: string): string | null;
  writeMeta(key: string, value: string): void;
  close(): void;
}

const TABLES = `
  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS models (
    serial INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL, id TEXT NOT NULL, payload TEXT NOT NULL,
    account TEXT, client TEXT, grant_id TEXT, uid TEXT, used_at INTEGER, consumed INTEGER NOT NULL DEFAULT 0,
    UNIQUE (kind, id)
  );
  CREATE INDEX IF NOT EXISTS models_by_grant ON models (grant_id);
  CREATE TABLE IF NOT EXISTS consents (
    account TEXT NOT NULL, client TEXT NOT NULL, scopes TEXT NOT NULL, PRIMARY KEY (account, client)
  );
  CREATE TABLE IF NOT EXISTS grant_facts (
    grant_id TEXT PRIMARY KEY, offline INTEGER NOT NULL, consent_shown INTEGER NOT NULL,
    lifetime_announced INTEGER NOT NULL DEFAULT 0
  );
  CREATE TABLE IF NOT EXISTS messages (
    serial INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE, account TEXT NOT NULL, via TEXT NOT NULL, at INTEGER NOT NULL,
    message_id TEXT NOT NULL, envelope TEXT NOT NULL, raw BLOB NOT NULL, findable_at INTEGER NOT NULL
  );
`;

export const openState = (dataDir: string | null): State => {
  if (dataDir !== null) mkdirSync(dataDir, { recursive: true });
  const database = new DatabaseSync(dataDir === null ? ":memory:" : join(dataDir, "google-sandbox.sqlite"), {
    timeout: 5_000,
  });
  // A killed process loses nothing that the operating system has; the sandbox need not survive a power cut.
  if (dataDir !== null) database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF");
  database.exec(TABLES);
  const readMeta = (key: string): string | null => {
    const value = database.prepare("SELECT value FROM meta WHERE key = ?").get(key)?.value;
    return typeof value === "string" ? value : null;
  };
  const writeMeta = (key: string, value: string): void => {
    database.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)").run(key, value);
  };
  return {
    database,
    isKept: dataDir !== null,
    readMeta,
    writeMeta,
    getOrMake: async (key, make) => {
      const old = readMeta(key);
      if (old !== null) return old;
      const made = await make();
      writeMeta(key, made);
      return made;
    },
    close: () => database.close(),
  };
};
