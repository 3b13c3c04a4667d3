import { availableParallelism, cpus } from "node:os";
import { setTimeout as delay } from "node:timers/promises";

/** Something to run beside others. */
export interface Job {
  /** How long it takes, as far as is known. */
  readonly lengthMs: number;
  /** The job begins no earlier. */
  readonly ready?: Promise<unknown>;
  readonly run: () => Promise<void>;
}

export interface Machine {
  readonly processors: number;
  /** How many processors idled on average since the last call. */
  readonly idle: () => number;
  readonly pause: (ms: number) => Promise<unknown>;
}

const timesOf = (): { readonly idle: number; readonly all: number } => {
  const times = cpus().map(({ times }) => times);
  const idle = times.reduce((sum, one) => sum + one.idle, 0);
  return { idle, all: times.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, idle) };
};

const thisMachine = (): Machine => {
  const processors = availableParallelism();
  let before = timesOf();
  return {
    processors,
    idle: () => {
      const now = timesOf();
      const share = (now.idle - before.idle) / Math.max(1, now.all - before.all);
      before = now;
      return share * processors;
    },
    pause: delay,
  };
};

/** How often the schedule looks whether something has ended or become ready. */
const LOOK_MS = 50;
/** Over how long it looks whether a processor idles: a job that has just begun loads the machine within that time. */
const IDLE_MS = 500;
/** Less is what no job leaves idle for long. */
const ENOUGH_IDLE = 0.35;
/** For each processor, no more jobs than these run at once, however little they do: each takes memory. */
const MOST = 3;

/**
 * Runs all the jobs, the longest first, so that none is left over at the end. As many as there are processors always
 * run, and more while a processor idles because jobs wait for a time-out, a back-off or another process.
 */
export const runJobs = async (jobs: readonly Job[], machine: Machine = thisMachine()): Promise<void> => {
  const waiting = jobs.toSorted((a, b) => b.lengthMs - a.lengthMs);
  const ready = new Set<Job>(waiting.filter((job) => job.ready === undefined));
  let failure: { readonly error: unknown } | undefined;
  const fail = (error: unknown): void => {
    failure ??= { error };
  };
  for (const job of waiting) job.ready?.then(() => ready.add(job), fail);
  let running = 0;
  const start = (job: Job): void => {
    waiting.splice(waiting.indexOf(job), 1);
    running += 1;
    job
      .run()
      .catch(fail)
      .finally(() => {
        running -= 1;
      });
  };
  for (let lookedMs = 0; waiting.length > 0 || running > 0; lookedMs += LOOK_MS) {
    const isIdle = lookedMs % IDLE_MS === 0 && machine.idle() >= ENOUGH_IDLE && running < MOST * machine.processors;
    for (let room = Math.max(machine.processors - running, isIdle ? 1 : 0); room > 0; room -= 1) {
      const next = waiting.find((job) => ready.has(job));
      if (next !== undefined) start(next);
    }
    await machine.pause(LOOK_MS);
    if (failure !== undefined) throw failure.error;
  }
};
