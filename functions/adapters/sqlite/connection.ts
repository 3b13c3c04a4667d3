import { closeSync, openSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import { ANSWERING, type Patience, patienceOf } from "../../domain/patience.ts";
import { Unavailable } from "../../domain/problem.ts";

/** How long opening a file waits for another process's write, in ms. */
const OPENING_TIMEOUT_MS = 10_000;
/** How long a statement may wait after that. Nothing else in this process runs meanwhile. */
const BUSY_TIMEOUT_MS = 250;
/** How often a call that waits without blocking the process checks whether the file is free. */
const RECHECK_EVERY_MS = 20;

/**
 * One open file. Everything is synchronous, so nothing else in this process runs between the statements of a
 * transaction; SQLite's own locks keep out other processes.
 */
export interface Connection {
  /** Returns a prepared statement, made once per text. */
  sql(text: string): StatementSync;
  /** Runs reads; a failure becomes `Unavailable(act)`. */
  read<T>(act: string, work: () => T): T;
  /**
   * Runs one transaction that holds the write lock from its start, so that what it reads cannot change before it
   * writes.
   */
  write<T>(act: string, work: () => T): T;
  /**
   * Runs `work`, and repeats it while another process keeps the file locked, for as long as the request's patience
   * lasts. Other work goes on meanwhile. A refused try has changed nothing.
   */
  whenUnlocked<T>(work: () => T): Promise<T>;
  /** Must be called once the file is ready: from then on, no statement blocks this process for long. */
  ready(): void;
  /**
   * Moves the write-ahead log into the file and empties it, because erased text would remain in the log until it is
   * overwritten (sqlite.org/pragma.html#pragma_wal_checkpoint). It never waits: if others read or write, the next call
   * does it.
   */
  emptyLog(): void;
  close(): void;
}

export const openConnection = (path: string, patience: () => Patience = ownPatience): Connection => {
  const db = attempt(`open the store ${path}`, () => openDatabase(path));
  const statements = new Map<string, StatementSync>();
  const sql = (text: string): StatementSync => {
    const known = statements.get(text);
    if (known !== undefined) return known;
    const made = db.prepare(text);
    statements.set(text, made);
    return made;
  };
  return {
    sql,
    read: attempt,
    write: (act, work) => attempt(act, () => transaction(db, work)),
    whenUnlocked: (work) => retryWhileLocked(db, patience(), work),
    ready: () => waitAtMost(db, BUSY_TIMEOUT_MS),
    emptyLog: () => attempt("empty the store's log", () => emptyLog(db)),
    close: () => {
      statements.clear();
      if (db.isOpen) db.close();
    },
  };
};

const openDatabase = (path: string): DatabaseSync => {
  // The file holds bodies and sealed tokens, so only its owner may read it. SQLite copies the mode to -wal and -shm.
  if (path !== ":memory:") closeSync(openSync(path, "a", 0o600));
  const db = new DatabaseSync(path, { timeout: OPENING_TIMEOUT_MS });
  try {
    switchToWal(db);
    // FULL syncs the log at every commit. Under NORMAL, a WAL survives a killed process but not a power cut, and a
    // message that was answered with 202 must survive both (sqlite.org/pragma.html#pragma_synchronous).
    db.exec("PRAGMA synchronous = FULL");
    // Erased bodies and destroyed tokens are overwritten with zeros instead of staying in free pages.
    db.exec("PRAGMA secure_delete = ON");
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
};

/** SQLITE_BUSY with any extended code (sqlite.org/rescode.html#busy). */
const isBusy = (error: unknown): boolean =>
  error instanceof Error && "errcode" in error && (Number(error.errcode) & 0xff) === 5;

const waitAtMost = (db: DatabaseSync, ms: number): void =>
  attempt("reach the store", () => db.exec(`PRAGMA busy_timeout = ${ms}`));

const withoutWaiting = <T>(db: DatabaseSync, work: () => T): T => {
  waitAtMost(db, 0);
  try {
    return work();
  } finally {
    waitAtMost(db, BUSY_TIMEOUT_MS);
  }
};

const ownPatience = (): Patience => patienceOf({ nowMs: () => performance.now() }, ANSWERING);

const retryWhileLocked = async <T>(db: DatabaseSync, requestPatience: Patience, work: () => T): Promise<T> => {
  const startedAtMs = performance.now();
  const leftMs = requestPatience.leftMs(db);
  for (;;) {
    try {
      const done = withoutWaiting(db, work);
      requestPatience.answered();
      return done;
    } catch (error) {
      if (!(error instanceof Unavailable) || !isBusy(error.cause)) throw error;
      const tookMs = performance.now() - startedAtMs;
      if (tookMs >= leftMs) {
        requestPatience.failed(db, tookMs);
        throw error;
      }
    }
    await pause(RECHECK_EVERY_MS);
  }
};

/**
 * WAL lets readers go on while one process writes. The switch itself needs exclusive access and does not always respect
 * the busy timeout (two processes opening a new file at once), so it is retried for the same time.
 */
const switchToWal = (db: DatabaseSync): void => {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let waitedMs = 0; ; waitedMs += 20) {
    try {
      db.exec("PRAGMA journal_mode = WAL");
      return;
    } catch (error) {
      if (!isBusy(error) || waitedMs >= OPENING_TIMEOUT_MS) throw error;
      Atomics.wait(pause, 0, 0, 20);
    }
  }
};

const emptyLog = (db: DatabaseSync): void =>
  withoutWaiting(db, () => {
    try {
      db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch (error) {
      if (!isBusy(error)) throw error;
    }
  });

const transaction = <T>(db: DatabaseSync, work: () => T): T => {
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
};

const attempt = <T>(act: string, work: () => T): T => {
  try {
    return work();
  } catch (cause) {
    throw new Unavailable(act, { cause });
  }
};
