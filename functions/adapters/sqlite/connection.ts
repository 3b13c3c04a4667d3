import { closeSync, openSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import { ANSWERING, type Patience, patienceOf } from "../../domain/patience.ts";
import { Unavailable } from "../../domain/problem.ts";

/** How long opening a file waits for another process's write, ms. */
const OPENING_TIMEOUT_MS = 10_000;
/** How long a statement waits from then on. Nothing else of this process goes on meanwhile. */
const BUSY_TIMEOUT_MS = 250;
/** How often somebody who may wait without keeping others from going on looks whether the file is free. */
const LOOK_EVERY_MS = 20;

/**
 * One open file. Everything is synchronous, so nothing of this process comes between the statements of a transaction;
 * other processes are kept out by SQLite's own locks.
 */
export interface Connection {
  /** A prepared statement, made once per text. */
  sql(text: string): StatementSync;
  /** Runs reads; a failure becomes `Unavailable(act)`. */
  read<T>(act: string, work: () => T): T;
  /** Runs reads and writes in one transaction that holds the write lock from its start, so that what it read still stands when it writes. */
  write<T>(act: string, work: () => T): T;
  /**
   * Does `work`, and does it again while another process keeps the file locked, for as long as the request's patience lasts; meanwhile
   * others go on. What is refused was not done.
   */
  patiently<T>(work: () => T): Promise<T>;
  /** To be called once the file is ready: from then on no statement keeps this process waiting for long. */
  ready(): void;
  /**
   * Moves what the write-ahead log holds into the file and empties the log, in which erased text would stand until it is written over
   * (sqlite.org/pragma.html#pragma_wal_checkpoint). Waits for nobody: while others read or write, it is left for the next time.
   */
  emptyLog(): void;
  close(): void;
}

export const openConnection = (path: string, patience: () => Patience = patienceOfItsOwn): Connection => {
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
    patiently: (work) => patiently(db, patience(), work),
    ready: () => waitAtMost(db, BUSY_TIMEOUT_MS),
    emptyLog: () => attempt("empty the store's log", () => emptyLog(db)),
    close: () => {
      statements.clear();
      if (db.isOpen) db.close();
    },
  };
};

const openDatabase = (path: string): DatabaseSync => {
  // Bodies and sealed tokens lie in here: readable by its owner only. SQLite gives the -wal and -shm files the same mode.
  if (path !== ":memory:") closeSync(openSync(path, "a", 0o600));
  const db = new DatabaseSync(path, { timeout: OPENING_TIMEOUT_MS });
  try {
    switchToWal(db);
    // FULL syncs the log at every commit. Under NORMAL a WAL survives a killed process but not a power cut, and what was answered
    // with 202 must survive both (sqlite.org/pragma.html#pragma_synchronous).
    db.exec("PRAGMA synchronous = FULL");
    // Erased bodies and destroyed tokens are overwritten with zeros instead of staying in free pages.
    db.exec("PRAGMA secure_delete = ON");
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
};

/** SQLITE_BUSY, of whatever extension (sqlite.org/rescode.html#busy). */
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

const patienceOfItsOwn = (): Patience => patienceOf({ nowMs: () => performance.now() }, ANSWERING);

const patiently = async <T>(db: DatabaseSync, patient: Patience, work: () => T): Promise<T> => {
  const beganMs = performance.now();
  const leftMs = patient.leftMs(db);
  for (;;) {
    try {
      const done = withoutWaiting(db, work);
      patient.answered();
      return done;
    } catch (error) {
      if (!(error instanceof Unavailable) || !isBusy(error.cause)) throw error;
      const tookMs = performance.now() - beganMs;
      if (tookMs >= leftMs) {
        patient.failed(db, tookMs);
        throw error;
      }
    }
    await pause(LOOK_EVERY_MS);
  }
};

/**
 * WAL lets readers go on while one process writes. The switch itself needs the file alone and does not always wait for the busy
 * timeout (two processes that open a new file at once), so it is tried until the same time is over.
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
