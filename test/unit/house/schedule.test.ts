import assert from "node:assert/strict";
import { it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { type Job, type Machine, runJobs } from "../../tools/schedule.ts";

/** Two processors, of which as many idle as the test says, and on which time passes at once. */
const machine = (idle: () => number): Machine => ({ processors: 2, idle, pause: () => turn() });
const busy = machine(() => 0);

/** Jobs of these lengths in ms, each of which ends when the test says so. */
const jobsOf = (...lengths: readonly number[]) => {
  const begun: number[] = [];
  const ends = new Map<number, PromiseWithResolvers<void>>();
  const jobs = lengths.map((lengthMs): Job => {
    const end = Promise.withResolvers<void>();
    ends.set(lengthMs, end);
    return {
      lengthMs,
      run: () => {
        begun.push(lengthMs);
        return end.promise;
      },
    };
  });
  return {
    jobs,
    begun,
    end: async (lengthMs: number): Promise<void> => {
      ends.get(lengthMs)?.resolve();
      await pass();
    },
  };
};

/** Long enough for the schedule to look many times. */
const pass = async (): Promise<void> => {
  for (let at = 0; at < 100; at++) await turn();
};

it("begins with the longest, and goes on whenever one has ended", async () => {
  const { jobs, begun, end } = jobsOf(1, 5, 3, 4, 2);
  const done = runJobs(jobs, busy);
  await pass();
  assert.deepEqual(begun, [5, 4]);
  await end(4);
  assert.deepEqual(begun, [5, 4, 3]);
  await end(3);
  await end(2);
  assert.deepEqual(begun, [5, 4, 3, 2, 1]);
  await end(5);
  await end(1);
  await done;
});

it("begins more while a processor idles, one after the other, up to three for each processor", async () => {
  const { jobs, begun, end } = jobsOf(1, 2, 3, 4, 5, 6, 7, 8);
  let idle = 0.5;
  const done = runJobs(
    jobs,
    machine(() => idle),
  );
  await pass();
  assert.deepEqual(begun, [8, 7, 6, 5, 4, 3]);
  idle = 0;
  await end(8);
  assert.equal(begun.length, 6, "five still run, and no processor idles");
  for (const length of [7, 6, 5, 4]) await end(length);
  assert.deepEqual(begun.slice(6), [2]);
  for (const length of [3, 2, 1]) await end(length);
  await done;
});

it("begins what is not ready later, and others meanwhile", async () => {
  const { jobs, begun, end } = jobsOf(2, 1, 9);
  const ready = Promise.withResolvers<void>();
  const done = runJobs(
    jobs.map((job) => (job.lengthMs === 9 ? { ...job, ready: ready.promise } : job)),
    machine(() => 2),
  );
  await pass();
  assert.deepEqual(begun, [2, 1]);
  ready.resolve();
  await pass();
  assert.deepEqual(begun, [2, 1, 9]);
  for (const length of [1, 2, 9]) await end(length);
  await done;
});

it("fails with what fails, and with what never becomes ready", async () => {
  const failing: Job = { lengthMs: 1, run: () => Promise.reject(new Error("it broke")) };
  await assert.rejects(runJobs([failing], busy), /it broke/);
  const { jobs } = jobsOf(1);
  const never = jobs.map((job) => ({ ...job, ready: Promise.reject(new Error("no emulator")) }));
  await assert.rejects(runJobs(never, busy), /no emulator/);
});
