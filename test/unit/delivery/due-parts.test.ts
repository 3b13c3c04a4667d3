import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DAY, MINUTE } from "../../../functions/domain/clock.ts";
import { listRecords } from "../../../functions/domain/every-record.ts";
import { deliverMessage } from "../../../functions/domain/messages/deliver/deliver.ts";
import type { DeliveryDeps } from "../../../functions/domain/messages/delivery-deps.ts";
import { dispatchPart } from "../../../functions/domain/messages/due/dispatch.ts";
import { dispatchInParts, MOST_ALONE, PARTS, partIn } from "../../../functions/domain/messages/due/fan-out.ts";
import { releaseIntoRoom } from "../../../functions/domain/messages/due/release.ts";
import type { Message } from "../../../functions/domain/messages/message.ts";
import { Unavailable } from "../../../functions/domain/problem.ts";
import type { Publisher, TopicMessage } from "../../../functions/domain/publisher.ts";
import { counting, type StoreCounts } from "../../builders/counted-records.ts";
import { acceptedMessage, type Delivery, delivery, SERVER } from "../../builders/delivery.ts";
import { MemoryRecords } from "../../simulator/memory-records.ts";

interface Counts extends StoreCounts {
  publishes: number;
}

interface Installation {
  readonly stack: Delivery;
  readonly deps: DeliveryDeps;
  readonly counts: Counts;
  /** The ids that were published for delivery, and how often. */
  readonly sent: Map<string, number>;
  /** What `dispatch-due` was asked for, oldest first. */
  readonly asked: TopicMessage[];
  fails: (message: TopicMessage) => boolean;
}

const install = async (): Promise<Installation> => {
  const counts: Counts = { reads: 0, writes: 0, publishes: 0 };
  const stack = await delivery(counting(new MemoryRecords(undefined, 1_000), counts));
  const sent = new Map<string, number>();
  const asked: TopicMessage[] = [];
  const publisher: Publisher = {
    publish: async (topic, message) => {
      if (here.fails(message)) throw new Unavailable("publish", { cause: null });
      counts.publishes += 1;
      if (topic === "mail-dispatch") asked.push(message);
      if (topic !== "mail-send") return;
      const { id } = message.data as { id: string };
      sent.set(id, (sent.get(id) ?? 0) + 1);
    },
  };
  const here: Installation = {
    stack,
    deps: { ...stack.deps, publisher },
    counts,
    sent,
    asked,
    fails: () => false,
  };
  return here;
};

const scheduleMany = async (here: Installation, count: number, serverOf: (n: number) => string): Promise<void> => {
  const { clock } = here.stack;
  for (let n = 0; n < count; n += 1) {
    const value = { ...acceptedMessage(clock, `msg_${n}`), status: "scheduled", serverId: serverOf(n) } as Message;
    const due = { ...value, dueAtMs: clock.nowMs() } as Message;
    await here.deps.records.commit([{ op: "create", kind: "messages", id: `msg_${n}`, value: due }]);
  }
};

const forget = (here: Installation): void => {
  Object.assign(here.counts, { reads: 0, writes: 0, publishes: 0 });
  here.sent.clear();
};

/** Answers the pushes that `dispatch-due` was asked for, as its handler does. */
const answerPushes = async ({ deps, asked }: Installation): Promise<void> => {
  await Promise.all(
    asked.splice(0).map(async ({ data }) => {
      const { part, room } = data as { part?: unknown; room?: string };
      const named = partIn(part);
      if (named !== undefined) return dispatchPart(deps, named);
      return room === undefined ? undefined : releaseIntoRoom(deps, room);
    }),
  );
};

const dueNow = async (here: Installation): Promise<number> => {
  const upTo = here.stack.clock.nowMs();
  return (await listRecords(here.deps.records, "messagesDue", { upTo })).length;
};

const MANY_SERVERS = 40;
const LIMITS = { perMinute: 1_000, perDay: 100_000 };

const manyServers = async (count: number): Promise<Installation> => {
  const here = await install();
  for (let n = 0; n < MANY_SERVERS; n += 1) await here.stack.setServer({ limits: LIMITS }, `srv_${n}`);
  await scheduleMany(here, count, (n) => `srv_${n % MANY_SERVERS}`);
  forget(here);
  return here;
};

describe("what is due, divided into parts", () => {
  test("is dispatched by the tick alone if it is little, at the price of a tick", async () => {
    const idle = await manyServers(0);
    await dispatchInParts(idle.deps);
    assert.ok(idle.counts.reads <= 6 && idle.counts.writes === 0 && idle.counts.publishes === 0);
    const here = await manyServers(MOST_ALONE);
    await dispatchInParts(here.deps);
    assert.deepEqual(here.asked, []);
    assert.equal(here.sent.size, MOST_ALONE);
  });

  test("costs as much per message whether there are 1,000 or 4,000", async () => {
    const costs: number[][] = [];
    for (const count of [1_000, 4_000]) {
      const here = await manyServers(count);
      await dispatchInParts(here.deps);
      assert.equal(here.asked.length, PARTS);
      await answerPushes(here);
      assert.equal(here.sent.size, count);
      assert.equal(Math.max(...here.sent.values()), 1);
      assert.equal(await dueNow(here), 0);
      const { reads, writes, publishes } = here.counts;
      // Each part reads each server once.
      costs.push([(reads - (PARTS + 1) * MANY_SERVERS) / count, writes / count, (publishes - PARTS) / count]);
    }
    const [few = [], many = []] = costs;
    assert.deepEqual(many.slice(1), [1, 1], "one write and one publication per message");
    assert.ok((many[0] ?? 9) < 1.1 && (many[0] ?? 9) <= (few[0] ?? 0) + 0.05, String(costs));
  });

  test("is dispatched once even if every push comes twice and ticks overlap", async () => {
    const here = await manyServers(1_500);
    await Promise.all([dispatchInParts(here.deps), dispatchInParts(here.deps)]);
    here.asked.push(...here.asked);
    await answerPushes(here);
    assert.equal(here.sent.size, 1_500);
    assert.equal(Math.max(...here.sent.values()), 1);
  });

  test("is asked for again by the next tick if pushes are lost, or the topic is down", async () => {
    const here = await manyServers(1_500);
    here.fails = ({ attributes }) => attributes.relais === "part";
    await dispatchInParts(here.deps);
    assert.deepEqual([here.asked.length, here.sent.size], [0, MOST_ALONE]);
    here.fails = () => false;
    await dispatchInParts(here.deps);
    here.asked.splice(0, 3);
    await answerPushes(here);
    await dispatchInParts(here.deps);
    await answerPushes(here);
    assert.equal(here.sent.size, 1_500);
    assert.equal(await dueNow(here), 0);
  });

  test("names only parts that there can be", () => {
    assert.deepEqual(partIn({ at: 3, of: 8 }), { at: 3, of: 8 });
    for (const value of [null, 3, "x", {}, { at: 8, of: 8 }, { at: -1, of: 8 }, { at: 0.5, of: 8 }, { at: 0, of: 0 }])
      assert.equal(partIn(value), undefined);
    assert.equal(partIn({ at: 0, of: 1e9 }), undefined);
  });
});

describe("many due messages of one server with a limit", () => {
  const PER_MINUTE = 20;
  const COUNT = 1_500;

  /** One minute: a tick, its pushes, and the delivery of all that was published. Returns how many were sent. */
  const passMinute = async (here: Installation): Promise<number> => {
    const before = here.stack.attempts.length;
    await dispatchInParts(here.deps);
    while (here.asked.length > 0) await answerPushes(here);
    for (const id of [...here.sent.keys()]) await deliverMessage(here.deps, id);
    here.stack.clock.advance(MINUTE);
    return here.stack.attempts.length - before;
  };

  test("are not published and refused each minute, never exceed the limit, and do not starve", async () => {
    const here = await install();
    await here.stack.setServer({ limits: { perMinute: PER_MINUTE, perDay: 2_000 } });
    await scheduleMany(here, COUNT, () => SERVER);
    forget(here);
    const first = await passMinute(here);
    assert.ok(here.sent.size <= 3 * PER_MINUTE, `${here.sent.size} were published at once`);
    // A message that is put in line, and the counts of the server and of all.
    assert.ok(here.counts.writes <= 3.2 * COUNT && here.counts.reads <= 2 * COUNT, JSON.stringify(here.counts));
    let sent = first;
    const published: number[] = [];
    const costs: number[] = [];
    for (let minute = 0; minute < 30; minute += 1) {
      forget(here);
      const now = await passMinute(here);
      assert.ok(now <= PER_MINUTE, `${now} in a minute`);
      sent += now;
      published.push(here.sent.size);
      costs.push(here.counts.reads + here.counts.writes);
    }
    assert.ok(sent >= 28 * PER_MINUTE, `only ${sent} were sent in 31 minutes`);
    assert.ok(Math.max(...published.slice(2)) <= 2 * PER_MINUTE, String(published));
    // The line is far longer than what a minute reads of it.
    const later = costs.slice(10).toSorted((a, b) => a - b);
    assert.ok((later[Math.floor(later.length / 2)] ?? COUNT) < COUNT / 2, String(costs));
  });

  test("wait for days without being read each minute once the day's limit is reached", async () => {
    const here = await install();
    await here.stack.setServer({ limits: { perMinute: PER_MINUTE, perDay: PER_MINUTE } });
    await scheduleMany(here, COUNT, () => SERVER);
    for (let minute = 0; minute < 5; minute += 1) await passMinute(here);
    forget(here);
    for (let minute = 0; minute < 60; minute += 1) await passMinute(here);
    assert.ok(here.counts.reads < COUNT, `${here.counts.reads} reads in an hour without room`);
    here.stack.clock.advance(DAY);
    assert.ok((await passMinute(here)) + (await passMinute(here)) > 0, "some go on the next day");
  });
});
