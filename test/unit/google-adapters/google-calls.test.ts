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
import { Unavailable } from "../../../functions/domain/problem.ts";

describe("a call to Google Cloud", () => {
  let slept: number[];
  let tries: number;
  let calls: GoogleCalls;
  beforeEach(() => {
    [slept, tries] = [[], 0];
    calls = googleCalls({
      clock: { sleep: async (ms) => void slept.push(ms) },
      random: { fraction: () => 0.5 },
      timeoutMs: 50,
    });
  });

  /** Fails so, one after the other, and then succeeds. */
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
    test(`${status} is answered where it is expected`, async () => {
      assert.deepEqual(await calls(call(always(status)), status), { status });
      assert.equal(tries, 1);
    });

    const times = repeated.includes(status) ? 4 : 1;
    const sort = defects.includes(status) ? "a defect" : "Unavailable";
    test(`${status}, not expected, is ${sort} after ${times} of a repeatable call`, async () => {
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

  test("a call that must not be done twice is repeated after ABORTED alone, which says that it was not done", async () => {
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

  test("tries further apart each time, and takes the first success", async () => {
    const failures = [
      new GoogleApiError("UNAVAILABLE", ""),
      new Error("socket hang up"),
      new GoogleApiError("ABORTED", ""),
    ];
    assert.deepEqual(await calls(call(failures)), { status: "OK", value: "done" });
    assert.deepEqual(slept, [100, 200, 400]);
  });

  test("no answer in time is Unavailable", async () => {
    const never = { act: "wait", repeatable: false, run: () => new Promise<never>(() => undefined) };
    await assert.rejects(calls(never), Unavailable);
  });

  test("a fault in a program is a defect, and is not tried again", async () => {
    await assert.rejects(
      calls(call([new TypeError("x is not a function")])),
      (error) => !(error instanceof Unavailable),
    );
    assert.equal(tries, 1);
  });
});
