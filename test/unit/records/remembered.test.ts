import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { memory, recallOrLearn } from "../../../functions/domain/remembered.ts";
import { testClock } from "../../builders/clock.ts";

describe("what an instance remembers", () => {
  it("is kept for exactly its time, whatever is noted and forgotten in between", () => {
    const key = fc.constantFrom("a", "b", "c");
    const step = fc.oneof(
      fc.record({ kind: fc.constant("note" as const), key, forMs: fc.option(fc.integer({ min: 0, max: 50 })) }),
      fc.record({ kind: fc.constant("forget" as const), key }),
      fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 60 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const clock = testClock();
        const known = memory<number>({ clock, forMs: 30 });
        const model = new Map<string, { value: number; untilMs: number }>();
        for (const [value, now] of steps.entries()) {
          if (now.kind === "wait") clock.advance(now.ms);
          else if (now.kind === "forget") {
            known.forget(now.key);
            model.delete(now.key);
          } else {
            const untilMs = now.forMs === null ? undefined : clock.nowMs() + now.forMs;
            known.note(now.key, value, untilMs);
            model.set(now.key, { value, untilMs: untilMs ?? clock.nowMs() + 30 });
          }
          for (const one of ["a", "b", "c"]) {
            const expected = model.get(one);
            const good = expected !== undefined && expected.untilMs > clock.nowMs();
            assert.equal(known.recall(one), good ? expected.value : undefined);
          }
        }
      }),
    );
  });

  it("is limited in number: the oldest note makes room, and renewing a note makes it young again", () => {
    const known = memory<number>({ clock: testClock(), forMs: 1_000, most: 3 });
    for (const key of ["a", "b", "c"]) known.note(key, 1);
    known.note("a", 2);
    known.note("d", 1);
    assert.deepEqual(
      ["a", "b", "c", "d"].map((key) => known.recall(key)),
      [2, undefined, 1, 1],
    );
    for (let key = 0; key < 10_000; key += 1) known.note(String(key), key);
    const left = Array.from({ length: 10_000 }, (_, key) => known.recall(String(key))).filter(
      (one) => one !== undefined,
    );
    assert.deepEqual(left, [9_997, 9_998, 9_999]);
  });

  it("is nothing if the time is zero", () => {
    const known = memory<number>({ clock: testClock(), forMs: 0 });
    known.note("a", 1);
    assert.equal(known.recall("a"), undefined);
  });

  it("is looked up once by concurrent callers, and again after its time is over or a lookup failed", async () => {
    const clock = testClock();
    const known = memory<Promise<number>>({ clock, forMs: 10 });
    let asked = 0;
    const learn = async (): Promise<number> => {
      asked += 1;
      if (asked === 1) throw new Error("down");
      return asked;
    };
    const ask = (): Promise<number> => recallOrLearn(known, "k", learn);
    const failed = await Promise.allSettled([ask(), ask(), ask()]);
    assert.deepEqual([asked, failed.map(({ status }) => status)], [1, ["rejected", "rejected", "rejected"]]);
    assert.deepEqual(await Promise.all([ask(), ask()]), [2, 2]);
    clock.advance(9);
    assert.equal(await ask(), 2);
    clock.advance(1);
    assert.equal(await ask(), 3);
  });
});
