import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { SqliteStore } from "../../functions/adapters/sqlite/open.ts";
import { backoffMs, type Deliver, pump } from "../../functions/adapters/sqlite/pump.ts";
import type { Clock } from "../../functions/domain/clock.ts";
import { DAY } from "../../functions/domain/clock.ts";
import { systemClock } from "../../functions/runtime/system-clock.ts";
import { type TestClock, testClock } from "../builders/clock.ts";
import { eventually } from "../builders/eventually.ts";
import { testStore } from "../builders/store.ts";

describe("the embedded queue", () => {
  let clock: TestClock;
  let store: SqliteStore;
  beforeEach(() => {
    clock = testClock();
    store = testStore(clock);
  });
  afterEach(() => store.close());
  const publish = (data: unknown) => store.publisher.publish("mail-send", { data, attributes: { a: "b" } });
  const claimed = (leaseMs = 1_000) => store.queue.claim(10, leaseMs);

  test("delivers messages in the order of publishing, up to the limit, and each once per lease", async () => {
    for (const data of ["one", "two", "three"]) await publish(data);
    assert.deepEqual(
      (await store.queue.claim(2, 1_000)).map(({ message }) => message),
      [
        { data: "one", attributes: { a: "b" } },
        { data: "two", attributes: { a: "b" } },
      ],
    );
    assert.deepEqual(
      (await claimed()).map(({ message }) => message.data),
      ["three"],
    );
    assert.deepEqual(await claimed(), []);
  });

  test("delivers a message again once its lease has ended, with the next attempt and the same message id", async () => {
    await publish("x");
    const [first] = await claimed(1_000);
    clock.advance(999);
    assert.deepEqual(await claimed(), []);
    clock.advance(1);
    const [second] = await claimed();
    assert.deepEqual([first?.attempt, second?.attempt], [1, 2]);
    assert.equal(second?.messageId, first?.messageId);
  });

  test("does not deliver an acknowledged message again", async () => {
    await publish("x");
    const [first] = await claimed();
    await store.queue.done(first?.id ?? "");
    clock.advance(DAY);
    assert.deepEqual(await claimed(), []);
    assert.equal(store.queue.nextDueAtMs(), null);
  });

  test("ignores a delivery that has outlived its lease after another has taken over", async () => {
    await publish("x");
    const [late] = await claimed(10);
    clock.advance(10);
    const [holder] = await claimed(10);
    await store.queue.done(late?.id ?? "");
    await store.queue.retry(late?.id ?? "", 0);
    await store.queue.bury(late?.id ?? "");
    assert.deepEqual(await claimed(), [], "still the holder's");
    clock.advance(10);
    assert.equal((await claimed())[0]?.messageId, holder?.messageId);
  });

  test("delivers a retry after its delay", async () => {
    await publish("x");
    await store.queue.retry((await claimed())[0]?.id ?? "", 5_000);
    assert.equal(store.queue.nextDueAtMs(), clock.nowMs() + 5_000);
    clock.advance(4_999);
    assert.deepEqual(await claimed(), []);
    clock.advance(1);
    assert.equal((await claimed())[0]?.attempt, 2);
  });

  test("keeps dead letters for 7 days", async () => {
    await publish("x");
    await store.queue.bury((await claimed())[0]?.id ?? "");
    clock.advance(7 * DAY);
    store.queue.sweep();
    assert.deepEqual(await claimed(), []);
    assert.deepEqual(
      store.queue.deadLetters().map(({ message }) => message.data),
      ["x"],
    );
    clock.advance(1);
    store.queue.sweep();
    assert.deepEqual(store.queue.deadLetters(), []);
  });

  test("delivers events to nobody, lists them newest first and drops them after 7 days, but keeps waiting messages", async () => {
    for (const data of ["e1", "e2"]) await store.publisher.publish("mail-events", { data, attributes: {} });
    await publish("waits");
    assert.deepEqual(
      (await claimed()).map(({ topic }) => topic),
      ["mail-send"],
    );
    assert.deepEqual(
      store.queue.events(5).map(({ data }) => data),
      ["e2", "e1"],
    );
    clock.advance(7 * DAY + 1);
    store.queue.sweep();
    assert.deepEqual(store.queue.events(5), []);
    assert.deepEqual(
      (await claimed()).map(({ message }) => message.data),
      ["waits"],
    );
  });

  test("makes claimed messages due at once when leases are released", async () => {
    await publish("x");
    await claimed(DAY);
    store.queue.releaseLeases();
    assert.equal((await claimed())[0]?.attempt, 2);
  });

  test("claims of each lane only what it has places for, the lane that has waited longest first, and the rest of others", async () => {
    const inLane = (lane: string, data: string) => store.publisher.publish("mail-send", { data, attributes: {}, lane });
    for (const data of ["a1", "a2", "a3"]) await inLane("a", data);
    clock.advance(1);
    for (const data of ["b1", "b2"]) await inLane("b", data);
    await store.publisher.publish("mail-dispatch", { data: "tick", attributes: {} });
    const places = new Map([["a", 2]]);
    const placesIn = (lane: string): number => places.get(lane) ?? 10;
    const data = async (limit: number) =>
      (await store.queue.claim(limit, 1_000, placesIn)).map(({ message }) => message.data);
    // A delivery is listed by its age.
    assert.deepEqual(await data(4), ["a1", "a2", "b1", "tick"]);
    places.set("a", 0);
    assert.deepEqual(await data(4), ["b2"]);
    places.set("a", 1);
    assert.deepEqual(await data(4), ["a3"]);
  });

  test("a long lane costs a claim no more than a short one", async () => {
    const one = { data: "x", attributes: {}, lane: "long" };
    await Promise.all(Array.from({ length: 3_000 }, () => store.publisher.publish("mail-send", one)));
    await store.publisher.publish("mail-send", { ...one, lane: "short" });
    const [claimed, ...others] = await store.queue.claim(10, 1_000, (lane) => (lane === "long" ? 0 : 1));
    assert.deepEqual([claimed?.lane, others.length], ["short", 0]);
  });

  test("never reuses a message id, even once the queue is empty", async () => {
    await publish("x");
    const [first] = await claimed();
    await store.queue.done(first?.id ?? "");
    await publish("y");
    assert.notEqual((await claimed())[0]?.messageId, first?.messageId);
  });
});

describe("the pump", () => {
  /**
   * A hundred times faster: a back-off of 10 s lasts 100 ms, and a lease six seconds, longer than any delivery here.
   */
  const clock: Clock = systemClock(100);
  let store: SqliteStore;
  let ending: AbortController;
  beforeEach(() => {
    store = testStore(clock);
    ending = new AbortController();
  });
  afterEach(() => {
    ending.abort();
    store.close();
  });
  const pumping = (deliver: Deliver, options: object = {}) =>
    pump(store.queue, deliver, { concurrency: 3, clock, signal: ending.signal, ...options });
  const publish = (data: unknown) => store.publisher.publish("mail-send", { data, attributes: {} });

  test("doubles the back-off from 10 s to 600 s", () => {
    assert.deepEqual([1, 2, 3, 7, 30].map(backoffMs), [10_000, 20_000, 40_000, 600_000, 600_000]);
  });

  test("delivers up to its concurrency at once, and the rest as deliveries end", async () => {
    let under = 0;
    let most = 0;
    let delivered = 0;
    const release = Promise.withResolvers<void>();
    const pumped = pumping(async () => {
      under += 1;
      most = Math.max(most, under);
      if (under === 3) release.resolve();
      await release.promise;
      under -= 1;
      delivered += 1;
      return "ack";
    });
    for (let at = 0; at < 12; at += 1) await publish(at);
    await eventually("all delivered", () => delivered === 12);
    assert.equal(most, 3);
    ending.abort();
    await pumped;
    assert.equal(store.queue.nextDueAtMs(), null);
  });

  test("is woken by a publish at once", async () => {
    const seen = Promise.withResolvers<void>();
    const asleep = Promise.withResolvers<void>();
    /** A pump that sleeps by it checks the queue again only when woken. */
    const endless: Clock = {
      ...clock,
      sleep: (_, signal) => {
        asleep.resolve();
        return new Promise((resolve) => signal?.addEventListener("abort", () => resolve(), { once: true }));
      },
    };
    const deliver: Deliver = async () => {
      seen.resolve();
      return "ack";
    };
    const pumped = pumping(deliver, { clock: endless });
    await asleep.promise;
    await publish("x");
    await seen.promise;
    ending.abort();
    await pumped;
  });

  test("a lane whose places are taken keeps no other waiting, and goes on as its deliveries end", async () => {
    const held = Promise.withResolvers<void>();
    const under = { a: 0, b: 0 };
    let mostOfA = 0;
    let ended = 0;
    const pumped = pumping(
      async (_topic, message) => {
        const lane = message.data === "a" ? "a" : "b";
        under[lane] += 1;
        mostOfA = Math.max(mostOfA, under.a);
        if (lane === "a") await held.promise;
        else held.resolve();
        under[lane] -= 1;
        ended += 1;
        return "ack";
      },
      { concurrency: 3, lanePlaces: 2 },
    );
    for (const lane of ["a", "a", "a", "a", "b"]) {
      await store.publisher.publish("mail-send", { data: lane, attributes: {}, lane });
    }
    await eventually("all delivered", () => ended === 5);
    assert.equal(mostOfA, 2);
    ending.abort();
    await pumped;
  });

  test("waits for deliveries in progress at its end, and claims nothing more", async () => {
    const started = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    let deliveries = 0;
    const pumped = pumping(
      async () => {
        deliveries += 1;
        started.resolve();
        await finish.promise;
        return "ack";
      },
      { concurrency: 1 },
    );
    await publish("first");
    await publish("second");
    await started.promise;
    ending.abort();
    let over = false;
    const watched = pumped.then(() => {
      over = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(over, false, "one delivery is still under way");
    finish.resolve();
    await watched;
    assert.equal(deliveries, 1);
    assert.deepEqual(
      (await store.queue.claim(5, 1_000)).map(({ message }) => message.data),
      ["second"],
    );
  });

  test("buries a message after its last attempt, and reports errors", async () => {
    const attempts: number[] = [];
    const errors: string[] = [];
    const pumped = pumping(
      async (_topic, _message, { attempt }) => {
        attempts.push(attempt);
        if (attempt === 2) throw new Error("on purpose");
        return "nack";
      },
      { maxAttempts: 3, onError: (error: unknown) => errors.push(String(error)) },
    );
    await publish("poison");
    const [buried] = await eventually("the dead letter", () => {
      const letters = store.queue.deadLetters();
      return letters.length > 0 && letters;
    });
    ending.abort();
    await pumped;
    assert.equal(buried?.message.data, "poison");
    assert.deepEqual(attempts, [1, 2, 3]);
    assert.deepEqual(errors, ["Error: on purpose"]);
  });

  test("reports a failing store and tries again", async () => {
    const errors: unknown[] = [];
    store.close();
    const pumped = pumping(async () => "ack", { onError: (error: unknown) => errors.push(error) });
    await eventually("two errors", () => errors.length >= 2);
    ending.abort();
    await pumped;
  });
});
