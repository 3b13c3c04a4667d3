import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { DAY, HOUR, MINUTE, SECOND } from "../../../functions/domain/clock.ts";
import { inState, messageBench } from "../../builders/messages.ts";
import { Chance } from "../../simulator/chance.ts";
import { Fleet } from "../../simulator/fleet.ts";
import { FOUND } from "../../simulator/found-faults.ts";
import { MemoryRecords } from "../../simulator/memory-records.ts";
import { Timeline } from "../../simulator/timeline.ts";
import { WatchLimits } from "../../simulator/watch-limits.ts";
import { WatchMail } from "../../simulator/watch-mail.ts";
import { Weather } from "../../simulator/weather.ts";

const surroundings = (timeline: Timeline) => {
  const chance = new Chance(1);
  const hardships = { callsLived: 1_000, failure: 0, slow: 0, freeze: 0 };
  return { timeline, chance, weather: new Weather(timeline, chance), hardships };
};

test("what was called off does not happen, and is not counted", async () => {
  const timeline = new Timeline(0);
  const happened: string[] = [];
  const first = timeline.after(1, () => happened.push("first"));
  timeline.after(2, () => happened.push("second"));
  first.off = true;
  await timeline.run(10);
  assert.deepEqual(happened, ["second"]);
  assert.equal(timeline.happened, 1);
});

test("a fleet is exchanged although some of its instances were never asked for anything", async () => {
  const timeline = new Timeline(0);
  const fleet = new Fleet(surroundings(timeline), { instances: 3, concurrency: 1, timeoutMs: SECOND }, () => "");
  fleet.restart();
  const answer = fleet.ask(async (_, process) => {
    await process.wait(MINUTE);
    return "done";
  });
  await timeline.run(SECOND / 2);
  fleet.restart();
  assert.notEqual((await answer).kind, "answered");
});

test("a request that takes too long is given up, and one that has ended is not", async () => {
  const timeline = new Timeline(0);
  const fleet = new Fleet(surroundings(timeline), { instances: 1, concurrency: 2, timeoutMs: SECOND }, () => "");
  const ask = (ms: number) => fleet.ask((_, process) => process.wait(ms));
  const answers = Promise.all([ask(SECOND / 2), ask(2 * SECOND)]);
  await timeline.run(3 * SECOND);
  assert.deepEqual(
    (await answers).map(({ kind }) => kind),
    ["answered", "lost"],
  );
});

test("records are erased in the hour after their time, unless it has changed", () => {
  const erased: string[] = [];
  const records = new MemoryRecords((_, id, { after }) => {
    if (after === undefined) erased.push(id);
  });
  const at = (hour: number) => ({ scope: "all", monthMs: 0, counts: {}, eraseAtMs: hour * HOUR });
  const put = (id: string, hour: number) => records.write([{ op: "put", kind: "tallies", id, value: at(hour) }]);
  for (const id of ["kept", "later", "earlier"]) put(id, 2.5);
  put("later", 9.5);
  put("earlier", 1.5);
  put("kept", 99);
  records.eraseExpired(1.9 * HOUR);
  assert.deepEqual(erased, []);
  records.eraseExpired(2 * HOUR);
  assert.deepEqual(erased, ["earlier"]);
  records.eraseExpired(4 * HOUR);
  assert.deepEqual(erased, ["earlier"]);
  records.eraseExpired(10 * HOUR);
  assert.deepEqual(erased, ["earlier", "later"]);
});

interface Counted {
  readonly atMs: number;
  recipients: number;
}

/** What any window of a minute or a day holds, counted from the start each time. */
const exceeds = (claims: readonly Counted[], { perMinute, perDay }: { perMinute: number; perDay: number }): boolean => {
  const last = claims.at(-1);
  if (last === undefined) return false;
  const within = (lengthMs: number): number =>
    claims.reduce((sum, one) => sum + (one !== last && one.atMs > last.atMs - lengthMs ? one.recipients : 0), 0);
  const over = (others: number, limit: number): boolean => others > 0 && others + last.recipients > limit;
  return over(within(MINUTE), perMinute) || over(within(DAY), perDay);
};

test("the watch over limits sees what counting every claim from the start sees", () => {
  const chance = new Chance(3);
  let [accusations, expected] = [0, 0];
  const watch = new WatchLimits(() => {
    accusations += 1;
  });
  const claims: Counted[] = [];
  for (let at = 0, nowMs = 0; at < 1_000; at += 1) {
    nowMs += chance.happens(0.02) ? chance.between(0, DAY) : chance.between(0, 10 * MINUTE);
    const limits = { perMinute: 2 + chance.below(8), perDay: 100 + chance.below(300) };
    const recipients = 1 + chance.below(4);
    const claim = { atMs: nowMs, recipients };
    claims.push(claim);
    const before = accusations;
    watch.claimed("srv", limits, { id: String(at), atMs: nowMs, recipients });
    if (exceeds(claims, limits)) expected += 1;
    assert.equal(accusations > before, exceeds(claims, limits), `claim ${at}`);
    claim.recipients = chance.happens(0.5) ? recipients : 0;
    watch.settled("srv", String(at), claim.recipients);
  }
  assert.ok(expected > 50 && expected < 900, `${expected} of 1,000 exceed a limit`);
});

test("a burst may outlast the rest, but only while the day is full for the first in line", async () => {
  const bench = messageBench();
  await bench.addServer("srv_ada", { limits: { perMinute: 200, perDay: 125 } });
  const to = (count: number) => Array.from({ length: count }, (_, at) => `${at}@example.org`);
  const first = await bench.accepted({ to: to(9), text: "x" });
  bench.clock.advance(SECOND);
  const second = await bench.accepted({ to: to(1), text: "x" });
  const server = await bench.records.get("mailServers", "srv_ada");
  bench.close();
  assert.ok(server !== undefined);

  /** How many of the two count as stuck after a day in which so many recipients were reached. */
  const stuck = (used: number, because: "limit_reached" | "paused"): number => {
    let accused = 0;
    const accuse = (): void => {
      accused += 1;
    };
    const timeline = new Timeline(bench.clock.nowMs());
    const records = new MemoryRecords();
    const nothing = (): void => {};
    const deps = { ...surroundings(timeline), records: () => records, accuse };
    const watch = new WatchMail({ ...deps, onDoubt: nothing, onFailed: nothing, forget: nothing });
    records.write([{ op: "put", kind: "mailServers", id: "srv_ada", value: server.value }]);
    for (const { id, value } of [first, second]) {
      const held = inState(value, { status: "held", because, dueAtMs: timeline.nowMs + HOUR, sinceMs: 0 });
      watch.onWrite(id, undefined, held);
      records.write([{ op: "put", kind: "messages", id, value: held }]);
    }
    const claim = { id: "burst", atMs: timeline.nowMs - HOUR, recipients: used };
    watch.limits.claimed("srv_ada", { perMinute: 200, perDay: 125 }, claim);
    watch.checkEnd();
    return accused;
  };
  assert.equal(stuck(117, "limit_reached"), 0, "nine more do not fit");
  assert.equal(stuck(116, "limit_reached"), 2, "nine more fit");
  assert.equal(stuck(0, "limit_reached"), 2, "the day is free");
  assert.equal(stuck(117, "paused"), 2, "they wait for nothing that the day holds");
});

test("each fault that was found has its test", () => {
  for (const { test: file } of FOUND) assert.ok(existsSync(join(import.meta.dirname, "../../..", file)), file);
});
