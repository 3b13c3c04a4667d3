import { close, fdatasync, openSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";

/**
 * Makes commits durable. SQLite appends each to its write-ahead log, and whatever is in the log up to a place survives
 * a power cut once the log is synced. This is done here, and not within the commit, so that the process goes on
 * meanwhile, and one sync serves all that was committed before it began.
 */
export interface DurableLog {
  /** Resolves once all that is committed now is durable. Rejects if the disk fails, and from then on. */
  synced(): Promise<void>;
  /** The sync that is under way, or null. What is committed before it ends is synced by the next one. */
  underWay(): Promise<void> | null;
  close(): void;
}

/** For a file in memory. */
export const NOTHING_TO_SYNC: DurableLog = {
  synced: async () => undefined,
  underWay: () => null,
  close: () => undefined,
};

/**
 * Opens the log when it is first needed: SQLite creates it with the first write, and keeps it as long as anyone has
 * the file open.
 */
export const durableLog = (path: string): DurableLog => {
  let descriptor: number | null = null;
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;
  let failure: Error | null = null;
  let closed = false;

  const sync = (): Promise<void> =>
    new Promise((resolve, reject) => {
      // After a failed sync the system may drop what it could not write, and report success the next time.
      if (failure !== null) return reject(failure);
      descriptor ??= openSync(path, "r+");
      fdatasync(descriptor, (error) => {
        failure ??= error;
        if (error === null) resolve();
        else reject(error);
      });
    });
  const start = (): Promise<void> => {
    next = null;
    const mine = sync().finally(() => {
      if (running === mine) running = null;
      if (closed && running === null && next === null) release();
    });
    running = mine;
    return mine;
  };
  /** What was collected during the sync that has ended is committed in the next turn, and goes along. */
  const startLater = async (): Promise<void> => {
    await turn();
    await turn();
    return start();
  };
  const release = (): void => {
    if (descriptor !== null) close(descriptor);
    descriptor = null;
  };
  return {
    // One that has begun may miss what was committed since, so the next one serves this caller and all until then.
    synced: () => {
      if (next !== null) return next;
      if (running === null) return start();
      next = running.then(startLater, startLater);
      return next;
    },
    underWay: () => running,
    close: () => {
      closed = true;
      if (running === null && next === null) release();
    },
  };
};
