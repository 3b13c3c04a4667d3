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
  deps = { ...stack.deps, clock, memory: new InstanceMemory(clock, 0, 4) };
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

const instance = (): DeliveryDeps => ({ ...deps, memory: new InstanceMemory(deps.clock, 0, 4) });

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

test("of two instances neither claims ahead, and both together hand over no more than eight", async () => {
  const [ids, others] = [idsOf(20, "a"), idsOf(20, "b")];
  const first = await start(ids);
  assert.equal(await claims(), 12);
  const second = await start(others, instance());
  assert.equal(answers.length, 8);
  await finish(first, second);
  await allSent([...ids, ...others]);
  assert.equal(most, 8);
});

test("an instance that shares accounts with others claims no more than it hands over", async () => {
  const all = await start(idsOf(12, "a"), { ...deps, memory: new InstanceMemory(deps.clock, 0) });
  assert.equal(answers.length, 8);
  assert.equal(await claims(), 8);
  await finish(all);
});

test("a claim of another instance ends claiming ahead", async () => {
  const other = await start(["msg_b"], instance());
  const ids = idsOf(12, "a");
  const all = await start(ids);
  assert.equal(answers.length, 8);
  assert.equal(await claims(), 8);
  await finish(other, all);
  await allSent(ids);
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
  assert.equal(before.ahead(SERVER).own.size, 0);
  stack.token = () => {
    throw new Error("on purpose");
  };
  await stack.accept("msg_c");
  await assert.rejects(deliverMessage(instance(), "msg_c"), /on purpose/);
  const failing = { ...instance(), accessTokens: { obtain: () => Promise.reject(new Error("on purpose")) } };
  await stack.accept("msg_d");
  await assert.rejects(deliverMessage(failing, "msg_d"), /on purpose/);
  assert.equal(failing.memory.places.ahead(SERVER).own.size, 0);
  assert.equal(await failing.memory.places.hold(SERVER, 1, async () => "free"), "free");
});
