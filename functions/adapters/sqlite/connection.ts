import { closeSync, openSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import { ANSWERING, type Patience, patienceOf } from "../../domain/patience.ts";
import { Unavailable } from "../../domain/problem.ts";
import { SHARDS, type ShardField, shardOf } from "../../domain/shards.ts";
import { type DurableLog, durableLog, NOTHING_TO_SYNC } from "./durable-log.ts";

/** How long opening a file waits for another process's write, in ms. */
const OPENING_TIMEOUT_MS = 10_000;
/** How long a statement may wait after that. Nothing else in this process runs meanwhile. */
const BUSY_TIMEOUT_MS = 250;
/** 64 MB in pages of 4 kB. */
const LARGE_LOG_PAGES = 16_384;
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
   * writes. It survives a kill, and a power cut once anything is written later that is durable.
   */
  write<T>(act: string, work: () => T): T;
  /**
   * Runs `work` in a transaction that it shares with others which ask in the same turn of the event loop, so that one
   * sync to the disk serves them all. Resolves once that transaction is durable. If they cannot be done together, each
   * is done alone, as `whenUnlocked` does; `work` may therefore run more than once, and must only read and write the
   * file.
   */
  writeTogether<T>(act: string, work: () => T): Promise<T>;
  /**
   * Like `writeTogether`, but resolves before a power cut is survived: for writes that may be taken back by one, as
   * long as what is written later is not kept without them.
   */
  writeSoon<T>(act: string, work: () => T): Promise<T>;
  /** Like `writeSoon`, and does not collect others during a sync: for writes that somebody waits for. */
  writeAtOnce<T>(act: string, work: () => T): Promise<T>;
  /**
   * Runs `work`, and repeats it while another process keeps the file locked, for as long as the request's patience
   * lasts. Other work goes on meanwhile. A refused try has changed nothing.
   */
  whenUnlocked<T>(work: () => T): Promise<T>;
  /** Resolves once all that is committed now, by any process, survives a power cut. */
  synced(act: string): Promise<void>;
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

export const openConnection = (path: string, patience?: () => Patience): Connection => {
  const db = attempt(`open the store ${path}`, () => openDatabase(path));
  return connectionTo(db, path === ":memory:" ? NOTHING_TO_SYNC : durableLog(`${path}-wal`), patience);
};

/** A connection by a database of `openDatabase`, whose log is synced as `log` does. */
export const connectionTo = (db: DatabaseSync, log: DurableLog, patience: () => Patience = ownPatience): Connection => {
  const waiting = busyTimeout(db);
  const file = { db, waiting, log };
  const group = writeGroup(file);
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
    write: (act, work) => attempt(act, () => waiting.upTo(BUSY_TIMEOUT_MS, () => transaction(db, work))),
    writeTogether: (act, work) => group.add({ act, work, patience: patience(), durable: true }),
    writeSoon: (act, work) => group.add({ act, work, patience: patience(), durable: false }),
    writeAtOnce: (act, work) => group.add({ act, work, patience: patience(), durable: false, atOnce: true }),
    whenUnlocked: (work) => retryWhileLocked(file, patience(), work),
    synced: (act) => durably(log, act),
    ready: () => waiting.begin(),
    emptyLog: () => attempt("empty the store's log", () => emptyLog(file)),
    close: () => {
      statements.clear();
      if (db.isOpen) db.close();
      log.close();
    },
  };
};

const durably = async (log: DurableLog, act: string): Promise<void> => {
  try {
    await log.synced();
  } catch (cause) {
    throw new Unavailable(act, { cause });
  }
};

/** The SQL function that computes a record's shard: one file needs none, so none is stored. */
export const shardFunction = (field: ShardField): string => `relais_${field}`;

/** A file (or `:memory:`) with its settings and functions, but without tables if it is new. */
export const openDatabase = (path: string): DatabaseSync => {
  // The file holds bodies and sealed tokens, so only its owner may read it. SQLite copies the mode to -wal and -shm.
  if (path !== ":memory:") closeSync(openSync(path, "a", 0o600));
  const db = new DatabaseSync(path, { timeout: OPENING_TIMEOUT_MS });
  try {
    switchToWal(db);
    // FULL would sync the log within each commit, while nothing else in this process runs. Under NORMAL, a commit
    // survives a killed process but not a power cut (sqlite.org/pragma.html#pragma_synchronous), so `durable-log.ts`
    // syncs the log before anything is confirmed.
    db.exec("PRAGMA synchronous = NORMAL");
    // Moving the log into the file stops everything too. `emptyLog` does it every few seconds; this is for the others.
    db.exec(`PRAGMA wal_autocheckpoint = ${LARGE_LOG_PAGES}`);
    // Erased bodies and destroyed tokens are overwritten with zeros instead of staying in free pages.
    db.exec("PRAGMA secure_delete = ON");
    for (const field of Object.keys(SHARDS) as readonly ShardField[])
      db.function(shardFunction(field), { deterministic: true }, (id) => shardOf(field, String(id)));
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
};

/** SQLITE_BUSY with any extended code (sqlite.org/rescode.html#busy). */
const isBusy = (error: unknown): boolean =>
  error instanceof Error && "errcode" in error && (Number(error.errcode) & 0xff) === 5;

interface BusyTimeout {
  /** From now on, the timeout changes with each call; before, the file is being opened. */
  begin(): void;
  /** Runs `work`, whose statements wait for a lock for so long. */
  upTo<T>(ms: number, work: () => T): T;
}

/** Sets the timeout only when it changes, since setting it is a statement of its own. */
const busyTimeout = (db: DatabaseSync): BusyTimeout => {
  let begun = false;
  let present = OPENING_TIMEOUT_MS;
  return {
    begin: () => {
      begun = true;
    },
    upTo: (ms, work) => {
      if (begun && present !== ms) {
        attempt("reach the store", () => db.exec(`PRAGMA busy_timeout = ${ms}`));
        present = ms;
      }
      return work();
    },
  };
};

interface OpenFile {
  readonly db: DatabaseSync;
  readonly waiting: BusyTimeout;
  readonly log: DurableLog;
}

interface GroupedWrite<T> {
  readonly act: string;
  readonly work: () => T;
  readonly patience: Patience;
  readonly durable: boolean;
  readonly atOnce?: boolean;
}

interface Written {
  /** Tells the caller; `synced` resolves once the transaction is durable. */
  readonly confirm: (synced: Promise<void>) => void;
}

interface Waiting {
  readonly durable: boolean;
  readonly together: () => Written;
  readonly alone: () => void;
}

/**
 * Collects writes until the event loop has handled what was ready, and commits them together. While the log is synced
 * it collects on, unless one is wanted at once: what is committed meanwhile would wait for the next sync anyway, and
 * each commit has its cost.
 */
const writeGroup = (file: OpenFile) => {
  let group: Waiting[] = [];
  let flushing = false;
  const flushNext = (): void => {
    if (flushing || group.length === 0) return;
    flushing = true;
    setImmediate(flush);
  };
  const flushSoon = (atOnce: boolean): void => {
    const syncing = atOnce ? null : file.log.underWay();
    if (syncing === null) flushNext();
    else if (group.length === 1) syncing.then(flushNext, flushNext);
  };
  const flush = (): void => {
    const writes = group;
    group = [];
    flushing = false;
    if (writes.length > 1 && allTogether(file, writes)) return;
    // One that fails, or a file that is locked, must not be the others' failure.
    for (const { alone } of writes) alone();
  };
  const writeAlone = async <T>({ act, work, patience, durable }: GroupedWrite<T>): Promise<T> => {
    const result = await retryWhileLocked(file, patience, () => attempt(act, () => transaction(file.db, work)));
    if (durable) await durably(file.log, act);
    return result;
  };
  return {
    add: <T>(write: GroupedWrite<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        const { act, work, patience, durable, atOnce = false } = write;
        const together = (): Written => {
          const result = work();
          const done = (): void => {
            patience.answered();
            resolve(result);
          };
          const fail = (cause: unknown): void => reject(new Unavailable(act, { cause }));
          return { confirm: (synced) => void (durable ? synced.then(done, fail) : done()) };
        };
        group.push({ durable, together, alone: () => resolve(writeAlone(write)) });
        flushSoon(atOnce);
      }),
  };
};

/** Nothing is confirmed before the commit. Returns false if nothing was written. */
const allTogether = ({ db, waiting, log }: OpenFile, writes: readonly Waiting[]): boolean => {
  let written: readonly Written[];
  try {
    written = waiting.upTo(0, () => transaction(db, () => writes.map(({ together }) => together())));
  } catch {
    return false;
  }
  const synced = writes.some(({ durable }) => durable) ? log.synced() : Promise.resolve();
  for (const { confirm } of written) confirm(synced);
  return true;
};

const ownPatience = (): Patience => patienceOf({ nowMs: () => performance.now() }, ANSWERING);

const retryWhileLocked = async <T>({ db, waiting }: OpenFile, requestPatience: Patience, work: () => T): Promise<T> => {
  const startedAtMs = performance.now();
  const leftMs = requestPatience.leftMs(db);
  for (;;) {
    try {
      const done = waiting.upTo(0, work);
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

const emptyLog = ({ db, waiting }: OpenFile): void =>
  waiting.upTo(0, () => {
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
