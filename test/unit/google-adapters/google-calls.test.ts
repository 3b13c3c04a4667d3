import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import {
  CANONICAL_STATUSES,
  type CanonicalStatus,
  GoogleApiError,
} from "../../../functions/adapters/google-cloud/canonical-status.ts";
import {
  type GoogleCall,
  type GoogleCalls,
  googleCalls,
} from "../../../functions/adapters/google-cloud/google-calls.ts";
import { DELIVERING, patienceOf } from "../../../functions/domain/patience.ts";
import { Unavailable } from "../../../functions/domain/problem.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";

describe("a call to Google Cloud", () => {
  let slept: number[];
  let tries: number;
  let calls: GoogleCalls;
  beforeEach(() => {
    [slept, tries] = [[], 0];
    calls = googleCalls({
      clock: { sleep: async (ms) => void slept.push(ms), nowMs: () => performance.now() },
      random: { fraction: () => 0.5 },
    });
  });

  /** Fails with these, one after the other, and then succeeds. */
  const call = (failures: readonly unknown[], repeatable = true): GoogleCall<string> => ({
    act: "read a record",
    repeatable,
    run: async () => {
      const failure = failures[tries];
      tries += 1;
      if (failure !== undefined) throw failure;
      return "done";
    },
  });
  const always = (status: CanonicalStatus) =>
    Array.from({ length: 9 }, () => new GoogleApiError(status, "said Google"));

  const defects: readonly CanonicalStatus[] = ["INVALID_ARGUMENT", "OUT_OF_RANGE", "UNIMPLEMENTED"];
  const repeated: readonly CanonicalStatus[] = ["ABORTED", "UNAVAILABLE", "INTERNAL", "UNKNOWN"];
  for (const status of CANONICAL_STATUSES) {
    test(`returns ${status} if it is expected`, async () => {
      assert.deepEqual(await calls(call(always(status)), status), { status });
      assert.equal(tries, 1);
    });

    const times = repeated.includes(status) ? 4 : 1;
    const sort = defects.includes(status) ? "a defect" : "Unavailable";
    test(`makes ${sort} of an unexpected ${status} after ${times} of a repeatable call`, async () => {
      await assert.rejects(calls(call(always(status))), (error) => {
        assert.ok(error instanceof Error);
        assert.equal(error instanceof Unavailable, !defects.includes(status));
        assert.equal(error.message, "could not read a record");
        assert.ok(error.cause instanceof GoogleApiError);
        assert.equal(error.cause.status, status);
        return true;
      });
      assert.equal(tries, times);
    });
  }

  test("is repeated only after ABORTED if it must not happen twice, because ABORTED says that nothing was done", async () => {
    for (const [status, times] of [
      ["ABORTED", 4],
      ["UNAVAILABLE", 1],
      ["INTERNAL", 1],
    ] as const) {
      tries = 0;
      await assert.rejects(calls(call(always(status), false)), Unavailable);
      assert.equal(tries, times, status);
    }
  });

  test("waits longer before each repetition, and returns the first success", async () => {
    const failures = [
      new GoogleApiError("UNAVAILABLE", ""),
      new Error("socket hang up"),
      new GoogleApiError("ABORTED", ""),
    ];
    assert.deepEqual(await calls(call(failures)), { status: "OK", value: "done" });
    assert.deepEqual(slept, [100, 200, 400]);
  });

  test("does not repeat a bug in a program", async () => {
    await assert.rejects(
      calls(call([new TypeError("x is not a function")])),
      (error) => !(error instanceof Unavailable),
    );
    assert.equal(tries, 1);
  });
});

/** Time that passes only while someone sleeps or a call runs. */
const fakeTime = () => {
  let nowMs = 1_000_000;
  const clock = {
    nowMs: () => nowMs,
    sleep: async (ms: number) => {
      nowMs += ms;
    },
  };
  return { clock, pass: clock.sleep };
};

describe("a service that does not answer", () => {
  const random = { fraction: () => 0.5 };
  const never: GoogleCall<never> = { act: "wait", repeatable: true, run: () => new Promise<never>(() => undefined) };

  test("is waited for as long as the request's patience lasts, however often it is called", async () => {
    const clock = { ...systemClock(), sleep: async () => undefined };
    const patient = patienceOf(clock, { totalMs: 120, failsFast: true });
    const calls = googleCalls({ clock, random, patience: () => patient });
    const beganMs = clock.nowMs();
    for (let count = 0; count < 20; count += 1) await assert.rejects(calls(never), Unavailable);
    const tookMs = clock.nowMs() - beganMs;
    assert.ok(tookMs >= 110 && tookMs < 1_000, `${tookMs} ms`);
  });

  test("is waited for once by concurrent calls", async () => {
    const clock = { ...systemClock(), sleep: async () => undefined };
    const patient = patienceOf(clock, { totalMs: 100, failsFast: true });
    const calls = googleCalls({ clock, random, patience: () => patient });
    const beganMs = clock.nowMs();
    await Promise.allSettled(Array.from({ length: 10 }, () => calls(never)));
    assert.ok(clock.nowMs() - beganMs < 1_000);
  });

  /** A call that is refused after this time, again and again, until the service is repaired. */
  const service = (pass: (ms: number) => Promise<void>, refusedAfterMs: number) => {
    const state = { asked: 0, well: false };
    const call: GoogleCall<string> = {
      act: "read a record",
      repeatable: true,
      run: async () => {
        state.asked += 1;
        await pass(refusedAfterMs);
        if (!state.well) throw new GoogleApiError("UNAVAILABLE", "");
        return "done";
      },
    };
    return { state, call };
  };

  test("is soon called only once a second, and normally again as soon as it is back", async () => {
    const { clock, pass } = fakeTime();
    const calls = googleCalls({ clock, random });
    const { state, call } = service(pass, 1);
    for (let count = 0; count < 3; count += 1) await assert.rejects(calls(call), Unavailable);
    const known = state.asked;
    for (let count = 0; count < 100; count += 1) await assert.rejects(calls(call), Unavailable);
    assert.equal(state.asked, known, "nobody asks what is known");
    await pass(1_001);
    const probes = await Promise.allSettled([calls(call), calls(call), calls(call)]);
    assert.ok(probes.every(({ status }) => status === "rejected"));
    assert.equal(state.asked, known + 4, "one call, with its repetitions");
    state.well = true;
    await assert.rejects(calls(call), Unavailable);
    await pass(1_001);
    assert.equal((await calls(call)).status, "OK");
    const all = await Promise.all([calls(call), calls(call), calls(call)]);
    assert.ok(all.every(({ status }) => status === "OK"));
  });

  test("is waited for, without being called, by a delivery that must record what it did", async () => {
    const { clock, pass } = fakeTime();
    const patience = () => patienceOf(clock, DELIVERING);
    const calls = googleCalls({ clock, random, patience });
    const { state, call } = service(pass, 1);
    for (let count = 0; count < 3; count += 1) await assert.rejects(calls(call), Unavailable);
    const beganMs = clock.nowMs();
    const waits = calls(call);
    state.well = true;
    assert.equal((await waits).status, "OK");
    assert.ok(clock.nowMs() - beganMs < DELIVERING.totalMs);
  });

  test("does not count as down while it answers, even with refusals", async () => {
    const calls = googleCalls({ clock: fakeTime().clock, random });
    for (const status of ["PERMISSION_DENIED", "NOT_FOUND", "RESOURCE_EXHAUSTED", "INVALID_ARGUMENT"] as const) {
      const run = async () => {
        throw new GoogleApiError(status, "");
      };
      for (let count = 0; count < 5; count += 1)
        await assert.rejects(calls({ act: "ask", repeatable: true, run }), /could not ask/);
    }
    assert.equal((await calls({ act: "ask", repeatable: true, run: async () => 1 })).status, "OK");
  });

  test("does not affect another service, which gets its chance even if the patience is used up", async () => {
    const { clock, pass } = fakeTime();
    const patient = patienceOf(clock, { totalMs: 1_000, failsFast: true });
    const [one, other] = [1, 2].map(() => googleCalls({ clock, random, patience: () => patient }));
    assert.ok(one && other);
    const { call } = service(pass, 400);
    await assert.rejects(one(call), Unavailable);
    await assert.rejects(one(call), Unavailable);
    assert.equal((await other({ act: "ask", repeatable: true, run: async () => 1 })).status, "OK");
  });

  test("is never cut short if it is slow but answers, however long its answers took in total", async () => {
    const { clock, pass } = fakeTime();
    const patient = patienceOf(clock, { totalMs: 1_000, failsFast: true });
    const calls = googleCalls({ clock, random, patience: () => patient });
    for (let count = 0; count < 10; count += 1) {
      const run = () => pass(900);
      assert.equal((await calls({ act: "write", repeatable: false, run })).status, "OK");
    }
  });
});

/** The time that a service gets if it has not failed before. */
const FIRST_CHANCE_MS = 500;

describe("the patience of a delivery", () => {
  test("is renewed once the service has answered, whereas that of a request is not", async () => {
    const { clock, pass } = fakeTime();
    for (const [failsFast, left] of [
      [false, 1_000],
      [true, 400],
    ] as const) {
      const patient = patienceOf(clock, { totalMs: 1_000, failsFast });
      const calls = googleCalls({ clock, random: { fraction: () => 0.5 }, patience: () => patient });
      const fail = async () => {
        await pass(600);
        throw new GoogleApiError("UNAVAILABLE", "");
      };
      await assert.rejects(calls({ act: "write", repeatable: false, run: fail }), Unavailable);
      assert.equal((await calls({ act: "write", repeatable: false, run: async () => 1 })).status, "OK");
      assert.equal(patient.leftMs({}), Math.max(left, FIRST_CHANCE_MS));
    }
  });
});
