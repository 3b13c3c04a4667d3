import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { MINUTE } from "../../../functions/domain/clock.ts";
import { deliverMessage } from "../../../functions/domain/messages/deliver/deliver.ts";
import { InstanceMemory } from "../../../functions/domain/messages/deliver/instance-memory.ts";
import type { DeliveryDeps } from "../../../functions/domain/messages/delivery-deps.ts";
import { changeLedger } from "../../../functions/domain/messages/limits/ledger.ts";
import { movableClock } from "../../builders/clock.ts";
import { acceptsAll, type Delivery, delivery, SERVER } from "../../builders/delivery.ts";

let stack: Delivery;
let deps: DeliveryDeps;
/** Ends the mails that Gmail has now, in the order in which they came. */
let answers: (() => void)[];
/** How many it had at most at once. */
let most: number;

beforeEach(async () => {
  stack = await delivery();
  await stack.setServer({ limits: { perMinute: 500, perDay: 10_000 } });
  // Waiting takes real time, so that nobody's patience ends while Gmail has the mails of others.
  const clock = movableClock(20);
  deps = { ...stack.deps, clock, memory: new InstanceMemory(clock, { isAlone: true }) };
  answers = [];
  most = 0;
  stack.gmail = async (...mail) => {
    const outcome = await acceptsAll(...mail);
    const { promise, resolve } = Promise.withResolvers<void>();
    answers.push(resolve);
    most = Math.max(most, answers.length);
    await promise;
    return outcome;
  };
});

const settled = (): Promise<void> => delay(10);

const claims = async (): Promise<number> => ((await stack.deps.records.get("quotas", SERVER))?.value.live ?? []).length;

const idsOf = (count: number, name: string): readonly string[] =>
  Array.from({ length: count }, (_, n) => `msg_${name}_${n}`);

/** Accepts so many messages, and has an instance deliver them all at once. */
const start = async (ids: readonly string[], by: DeliveryDeps = deps): Promise<{ done: Promise<unknown> }> => {
  for (const id of ids) await stack.accept(id);
  const done = Promise.all(ids.map((id) => deliverMessage(by, id)));
  await settled();
  return { done };
};

/** Lets Gmail answer one mail after the other until all are delivered. */
const finish = async (...all: readonly { readonly done: Promise<unknown> }[]): Promise<void> => {
  let ended = false;
  const done = Promise.all(all.map((one) => one.done)).finally(() => {
    ended = true;
  });
  while (!ended) {
    answers.shift()?.();
    await settled();
  }
  await done;
};

const allSent = async (ids: readonly string[]): Promise<void> => {
  for (const id of ids) assert.equal((await stack.message(id)).status, "sent", id);
};

const alone = (): DeliveryDeps => ({ ...deps, memory: new InstanceMemory(deps.clock, { isAlone: true }) });
/** One that shares the accounts with others. */
const instance = (): DeliveryDeps => ({ ...deps, memory: new InstanceMemory(deps.clock) });

test("an instance hands over eight mails of an account at once and has four more claimed", async () => {
  const ids = idsOf(20, "a");
  const all = await start(ids);
  assert.equal(answers.length, 8);
  assert.equal(await claims(), 12);
  await finish(all);
  await allSent(ids);
  assert.equal(most, 8);
});

test("the next mail goes out at Gmail’s answer, before the outcome of the one before is stored", async () => {
  const { records } = stack.deps;
  const stuck = Promise.withResolvers<void>();
  const commit: typeof records.commit = async (writes, options) => {
    if (writes.some((write) => write.kind === "messages" && write.op !== "delete" && write.value.status === "sent"))
      await stuck.promise;
    return records.commit(writes, options);
  };
  const ids = idsOf(12, "a");
  const all = await start(ids, { ...deps, records: { ...records, commit } });
  answers.shift()?.();
  await settled();
  assert.equal(answers.length, 8);
  assert.equal((await stack.message("msg_a_0")).status, "sending");
  stuck.resolve();
  await finish(all);
  await allSent(ids);
});

test("instances that share accounts claim no more than they hand over, together eight", async () => {
  const [ids, others] = [idsOf(20, "a"), idsOf(20, "b")];
  const first = await start(ids, instance());
  assert.equal(answers.length, 8);
  assert.equal(await claims(), 8);
  const second = await start(others, instance());
  await finish(first, second);
  await allSent([...ids, ...others]);
  assert.equal(most, 8);
});

test("an instance that is alone writes the ledger with its claims only, and an end leaves no place taken", async () => {
  let writes = 0;
  const { records } = stack.deps;
  const commit: typeof records.commit = async (all, options) => {
    writes += all.filter(({ kind }) => kind === "quotas").length;
    return records.commit(all, options);
  };
  const counted = { ...deps, records: { ...records, commit } };
  const all = await start(idsOf(30, "a"), counted);
  await finish(all);
  assert.equal(writes, 30);
  const next = await start(idsOf(20, "b"), counted);
  assert.equal(answers.length, 8);
  assert.equal(await claims(), 12);
  await finish(next);
});

test("what a killed process left in the ledger takes no place of one that is alone", async () => {
  const live = Array.from({ length: 12 }, (_, n) => ({
    id: `msg_dead_${n}`,
    untilMs: deps.clock.nowMs() + 60 * MINUTE,
  }));
  await changeLedger(deps, { serverId: SERVER }, (ledger) => ({ ...ledger, live }));
  const all = await start(idsOf(8, "a"));
  assert.equal(answers.length, 8);
  await finish(all);
});

test("an account with too many logins has four mails under way and none ahead", async () => {
  const untilMs = deps.clock.nowMs() + 60 * MINUTE;
  await changeLedger(deps, { serverId: SERVER }, (ledger) => ({ ...ledger, halvedUntilMs: untilMs }));
  const ids = idsOf(12, "a");
  const all = await start(ids);
  assert.equal(answers.length, 4);
  assert.equal(await claims(), 4);
  await finish(all);
  await allSent(ids);
  assert.equal(most, 4);
});

test("a mail that fails gives its place to the next", async () => {
  const ids = idsOf(12, "a");
  const all = await start(ids);
  const before = deps.memory.places;
  await finish(all);
  assert.equal(before.claimed(SERVER).size, 0);
  stack.token = () => {
    throw new Error("on purpose");
  };
  await stack.accept("msg_c");
  await assert.rejects(deliverMessage(alone(), "msg_c"), /on purpose/);
  const failing = { ...alone(), accessTokens: { obtain: () => Promise.reject(new Error("on purpose")) } };
  await stack.accept("msg_d");
  await assert.rejects(deliverMessage(failing, "msg_d"), /on purpose/);
  assert.equal(failing.memory.places.claimed(SERVER).size, 0);
  assert.equal(await failing.memory.places.hold(SERVER, 1, async () => "free"), "free");
});
