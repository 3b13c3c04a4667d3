import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { DAY, HOUR, MINUTE, SECOND } from "../../../functions/domain/clock.ts";
import { cancelMessage } from "../../../functions/domain/messages/commands/cancel.ts";
import { deliverMessage } from "../../../functions/domain/messages/deliver/deliver.ts";
import { InstanceMemory } from "../../../functions/domain/messages/deliver/instance-memory.ts";
import type { DeliveryDeps } from "../../../functions/domain/messages/delivery-deps.ts";
import { dispatchDue } from "../../../functions/domain/messages/due/dispatch.ts";
import { releaseHeld, releaseIntoRoom } from "../../../functions/domain/messages/due/release.ts";
import { applyCorrection } from "../../../functions/domain/messages/limits/apply-correction.ts";
import { reserve } from "../../../functions/domain/messages/limits/reserve.ts";
import { EMPTY_LEDGER } from "../../../functions/domain/messages/limits/room.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import { defaultSettings } from "../../../functions/domain/settings/read-settings.ts";
import {
  acceptedMessage,
  acceptsAll,
  type Delivery,
  delivery,
  type Gmail,
  refuses,
  SERVER,
} from "../../builders/delivery.ts";
import { eventually } from "../../builders/eventually.ts";
import { grant, OPERATOR } from "../../builders/mail-server.ts";

let stack: Delivery;
beforeEach(async () => {
  stack = await delivery();
});

const ids = (count: number): string[] => Array.from({ length: count }, (_, n) => `msg_${String(n).padStart(3, "0")}`);

/** Runs a tick every minute, and delivers at once what it publishes, several messages at a time. */
const run = async (minutes: number): Promise<void> => {
  for (let minute = 0; minute < minutes; minute += 1) {
    await dispatchDue(stack.deps);
    await Promise.all(stack.published().map((id) => deliverMessage(stack.deps, id)));
    stack.clock.advance(MINUTE);
  }
};

test("no rolling minute exceeds the limit; the oldest messages leave first, and the last as soon as the limit allows", async () => {
  await stack.setServer({ limits: { perMinute: 5, perDay: 1_000 } });
  const sentAt: { id: string; atMs: number }[] = [];
  stack.gmail = async (mail, beforeData, token) => {
    const outcome = await acceptsAll(mail, beforeData, token);
    sentAt.push({ id: /Message-ID: <(.*?)@/.exec(mail.raw.toString())?.[1] ?? "", atMs: stack.clock.nowMs() });
    return outcome;
  };
  for (const id of ids(40)) {
    await stack.accept(id);
    stack.clock.advance(1);
  }
  await Promise.all(ids(40).map((id) => deliverMessage(stack.deps, id)));
  await run(9);
  assert.equal(sentAt.length, 40, "8 windows of 5, one tick each");
  for (const { atMs } of sentAt) {
    const inWindow = sentAt.filter((other) => other.atMs > atMs - MINUTE && other.atMs <= atMs).length;
    assert.ok(inWindow <= 5, `${inWindow} within a minute`);
  }
  const waited = sentAt.slice(5);
  const groups = [0, 5, 10, 15, 20, 25, 30].map((start) =>
    waited
      .slice(start, start + 5)
      .map(({ id }) => id)
      .toSorted(),
  );
  assert.deepEqual(groups.flat(), waited.map(({ id }) => id).toSorted(), "each group older than the next");
});

for (const afterTickMs of [300, 30_000, 56_000, 59_900]) {
  test(`room that opens ${afterTickMs / 1_000} s after a tick is used right then, not a tick later, so no minute is lost`, async () => {
    await stack.setServer({ limits: { perMinute: 5, perDay: 1_000 } });
    // A published message is delivered a moment later, while the tick goes on.
    const publish = async (topic: string, { data }: { data: unknown }): Promise<void> => {
      if (topic !== "mail-send") return;
      stack.clock.advance(200);
      await deliverMessage(stack.deps, (data as { id: string }).id);
    };
    const deps: DeliveryDeps = { ...stack.deps, publisher: { publish } };
    const startMs = stack.clock.nowMs();
    stack.clock.advance(afterTickMs);
    for (const id of ids(60)) await stack.accept(id);
    for (const id of ids(60)) await deliverMessage(stack.deps, id);
    for (let tick = 1; tick <= 20; tick += 1) {
      // Cloud Scheduler is not exact to the second.
      const atMs = startMs + tick * MINUTE + ([0, 900, -700, 300][tick % 4] ?? 0);
      stack.clock.advance(Math.max(0, atMs - stack.clock.nowMs()));
      await dispatchDue(deps);
    }
    const sentAtMs: number[] = [];
    for (const id of ids(60)) {
      const { timeline, status } = await stack.message(id);
      assert.equal(status, "sent");
      sentAtMs.push(timeline.findLast((entry) => entry.status === "sending")?.atMs ?? 0);
    }
    const earliestMs = startMs + afterTickMs + 11 * MINUTE;
    const lateMs = Math.max(...sentAtMs) - earliestMs;
    assert.ok(lateMs >= 0 && lateMs < MINUTE, `${lateMs / SECOND} s late`);
  });
}

/**
 * Sends five messages, a tenth of a second apart, with ten more in line behind them. Returns when the first room opens.
 */
const lineOfTen = async (): Promise<number> => {
  await stack.setServer({ limits: { perMinute: 5, perDay: 1_000 } });
  const roomAtMs = stack.clock.nowMs() + MINUTE;
  for (const id of ids(15)) {
    await stack.accept(id);
    await deliverMessage(stack.deps, id);
    stack.clock.advance(100);
  }
  assert.equal((await stack.message("msg_005")).status, "held");
  return roomAtMs;
};

const claimedAtMs = async (id: string): Promise<number> =>
  (await stack.message(id)).timeline.findLast(({ status }) => status === "sending")?.atMs ?? Number.NaN;

test("room belongs to the message it was promised to: ticks that come before the claims, even two at once, promise it once", async () => {
  const roomAtMs = await lineOfTen();
  stack.clock.advance(roomAtMs - SECOND - stack.clock.nowMs());
  await Promise.all([releaseHeld(stack.deps, SERVER), releaseHeld(stack.deps, SERVER)]);
  await releaseHeld(stack.deps, SERVER);
  const released = stack.published();
  assert.deepEqual(released, ids(10).slice(5));
  // The worker of the youngest message is the fastest.
  for (const id of released.toReversed()) await deliverMessage(stack.deps, id);
  for (const id of released) assert.equal((await stack.message(id)).status, "sent", "at its first delivery");
  assert.ok((await claimedAtMs("msg_009")) >= roomAtMs + 400, "not in the room of another");
});

test("a line that is slow to reschedule does not keep others from the room that opens meanwhile", async () => {
  const roomAtMs = await lineOfTen();
  stack.clock.advance(roomAtMs - 30 * SECOND - stack.clock.nowMs());
  const { promise: forever } = Promise.withResolvers<undefined>();
  const { records } = stack.deps;
  const slow = {
    get: (kind: "messages", id: string) => (kind === "messages" ? forever : records.get(kind, id)),
    query: records.query.bind(records),
    commit: records.commit.bind(records),
  } as unknown as DeliveryDeps["records"];
  void dispatchDue({ ...stack.deps, records: slow });
  const released: string[] = [];
  await eventually("five are released", () => released.push(...stack.published()) >= 5);
  assert.deepEqual(released.slice(0, 5), ids(10).slice(5));
});

test("room promised to a canceled message is reserved for it for at most a minute", async () => {
  const roomAtMs = await lineOfTen();
  stack.clock.advance(roomAtMs - SECOND - stack.clock.nowMs());
  await releaseHeld(stack.deps, SERVER);
  await cancelMessage(stack.deps, OPERATOR, "msg_005");
  for (const id of stack.published()) await deliverMessage(stack.deps, id);
  stack.clock.advance(MINUTE);
  await run(2);
  for (const id of ids(15).slice(6)) assert.equal((await stack.message(id)).status, "sent", id);
});

test("limits count recipients, not messages; the daily limit applies until the first of them are a day old", async () => {
  await stack.setServer({ limits: { perMinute: 100, perDay: 5 } });
  const to = ["a@y.org", "b@y.org", "c@y.org"];
  await stack.accept("msg_a", acceptedMessage(stack.clock, "msg_a", to));
  await stack.accept("msg_b", acceptedMessage(stack.clock, "msg_b", to));
  await deliverMessage(stack.deps, "msg_a");
  const firstAtMs = stack.clock.nowMs();
  stack.clock.advance(10 * SECOND);
  await deliverMessage(stack.deps, "msg_b");
  const held = await stack.message("msg_b");
  assert.ok(held.status === "held" && held.because === "limit_reached");
  assert.equal(held.dueAtMs, firstAtMs + DAY - MINUTE, "in view of the tick before");
  stack.clock.advance(DAY);
  await run(1);
  assert.equal((await stack.message("msg_b")).status, "sent");
});

test("room that was reserved but not used is given back", async () => {
  await stack.setServer({ limits: { perMinute: 1, perDay: 1 } });
  await stack.accept("msg_a");
  await stack.accept("msg_b");
  stack.gmail = refuses("body", 550, "5.7.1");
  await deliverMessage(stack.deps, "msg_a");
  stack.gmail = acceptsAll;
  await deliverMessage(stack.deps, "msg_b");
  assert.equal((await stack.message("msg_b")).status, "sent");
});

test("the room of a worker that died before the mark is given back too", async () => {
  await stack.setServer({ limits: { perMinute: 1, perDay: 1 } });
  await stack.accept("msg_a");
  stack.gmail = () => new Promise(() => undefined);
  void deliverMessage(stack.deps, "msg_a");
  await eventually("the worker is at Gmail's", () => stack.attempts.length === 1);
  stack.gmail = acceptsAll;
  stack.clock.advance(10 * MINUTE);
  await run(2);
  assert.equal((await stack.message("msg_a")).status, "sent");
});

test("a warning comes once a day, at 90 %", async () => {
  await stack.setServer({ limits: { perMinute: 100, perDay: 10 } });
  for (const id of ids(10)) {
    await stack.accept(id);
    await deliverMessage(stack.deps, id);
  }
  const warnings = stack.events.filter(({ type }) => type === "relais.server.quota_warning.v1");
  assert.equal(warnings.length, 1);
  assert.equal(warnings[0]?.subject, "srv_one");
});

test("a mail with more recipients than a minute allows is sent alone, in an empty minute", async () => {
  await stack.setServer({ limits: { perMinute: 2, perDay: 100 } });
  await stack.accept("msg_a", acceptedMessage(stack.clock, "msg_a", ["a@y.org", "b@y.org", "c@y.org"]));
  await deliverMessage(stack.deps, "msg_a");
  assert.equal((await stack.message("msg_a")).status, "sent");
});

/** Every mail waits inside Gmail until `open` is called. Counts how many wait there at once. */
const doorway = () => {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  const seen = { inside: 0, most: 0 };
  const gmail: Gmail = async (mail, beforeData, token) => {
    seen.inside += 1;
    seen.most = Math.max(seen.most, seen.inside);
    await opened;
    const outcome = await acceptsAll(mail, beforeData, token);
    seen.inside -= 1;
    return outcome;
  };
  return { gmail, seen, open };
};

/** Several instances of `deliver-mail`, none knowing of the other. */
const instances = (count: number): DeliveryDeps[] =>
  Array.from({ length: count }, () => ({ ...stack.deps, memory: new InstanceMemory(stack.clock) }));

test("at most 8 mails of an account are in progress over all instances; the others follow, and none is held", async () => {
  await stack.setServer({ limits: { perMinute: 1_000, perDay: 1_000 } });
  const { gmail, seen, open } = doorway();
  stack.gmail = gmail;
  for (const id of ids(20)) await stack.accept(id);
  const [one, two] = instances(2);
  assert.ok(one && two);
  const pushes = ids(20).map((id, n) => deliverMessage(n % 2 === 0 ? one : two, id));
  await eventually("8 are under way", () => seen.inside === 8);
  open();
  await Promise.all(pushes);
  await run(3);
  assert.equal(seen.most, 8);
  for (const id of ids(20)) assert.equal((await stack.message(id)).status, "sent");
  assert.equal(stack.events.filter(({ type }) => type === "relais.message.held.v1").length, 0);
});

test("454 4.7.0 for too many logins halves that number for an hour", async () => {
  await stack.setServer({ limits: { perMinute: 1_000, perDay: 1_000 } });
  await stack.accept("msg_refused");
  stack.gmail = refuses("auth", 454, "4.7.0", "Too many login attempts");
  await deliverMessage(stack.deps, "msg_refused");
  assert.equal((await stack.message("msg_refused")).status, "deferred");
  for (const [afterMs, most] of [
    [0, 4],
    [HOUR, 8],
  ] as const) {
    stack.clock.advance(afterMs);
    const { gmail, seen, open } = doorway();
    stack.gmail = gmail;
    const batch = ids(12).map((id) => `${id}_${most}`);
    for (const id of batch) await stack.accept(id);
    const pushes = batch.map((id) => deliverMessage(stack.deps, id));
    await eventually(`${most} are under way`, () => seen.inside === most);
    open();
    await Promise.all(pushes);
    await run(3);
    assert.equal(seen.most, most);
  }
});

test("a worker that died occupies its place no longer than its lease", async () => {
  stack.gmail = () => new Promise(() => undefined);
  const [dying] = instances(1);
  assert.ok(dying);
  for (const id of ids(8)) {
    await stack.accept(id);
    void deliverMessage(dying, id);
  }
  await eventually("all places are taken", () => stack.attempts.length === 8);
  stack.gmail = acceptsAll;
  stack.clock.advance(10 * MINUTE);
  await run(2);
  for (const id of ids(8)) assert.equal((await stack.message(id)).status, "sent");
});

test("a new message does not overtake those that wait for the limit, even if there is room when it arrives", async () => {
  await stack.setServer({ limits: { perMinute: 2, perDay: 1_000 } });
  for (const id of ids(4)) {
    await stack.accept(id);
    await deliverMessage(stack.deps, id);
    stack.clock.advance(1);
  }
  assert.equal((await stack.message("msg_002")).status, "held");
  stack.clock.advance(2 * MINUTE);
  await stack.accept("msg_new");
  await deliverMessage(stack.deps, "msg_new");
  const waiting = await stack.message("msg_new");
  assert.ok(waiting.status === "held" && waiting.because === "limit_reached");
  await run(4);
  const sentAtMs = async (id: string): Promise<number> => {
    const message = await stack.message(id);
    assert.equal(message.status, "sent");
    return message.timeline.find(({ status }) => status === "sent")?.atMs ?? 0;
  };
  assert.ok((await sentAtMs("msg_new")) > (await sentAtMs("msg_003")));
  await stack.accept("msg_after");
  await deliverMessage(stack.deps, "msg_after");
  assert.equal((await stack.message("msg_after")).status, "sent", "the line has gone: no need to wait");
});

test("a line whose messages were all canceled holds up new ones for a tick at most", async () => {
  await stack.setServer({ limits: { perMinute: 1, perDay: 1_000 } });
  for (const id of ids(3)) await stack.accept(id);
  for (const id of ids(3)) await deliverMessage(stack.deps, id);
  for (const id of ids(3).slice(1)) await cancelMessage(stack.deps, OPERATOR, id);
  stack.clock.advance(10 * MINUTE);
  await stack.accept("msg_new");
  await deliverMessage(stack.deps, "msg_new");
  stack.clock.advance(MINUTE);
  await run(1);
  assert.equal((await stack.message("msg_new")).status, "sent");
});

test("messages that wait are sent at once after the limit is raised", async () => {
  await stack.setServer({ limits: { perMinute: 100, perDay: 1 } });
  for (const id of ids(3)) {
    await stack.accept(id);
    await deliverMessage(stack.deps, id);
  }
  await stack.setServer({ limits: { perMinute: 100, perDay: 100 } });
  await releaseHeld(stack.deps, SERVER);
  for (const id of stack.published()) await deliverMessage(stack.deps, id);
  for (const id of ids(3)) assert.equal((await stack.message(id)).status, "sent");
});

test("what an instance remembers may let a message be sent, but never refuses one", async () => {
  const deps: DeliveryDeps = { ...stack.deps, memory: new InstanceMemory(stack.clock, { factsForMs: 5 * SECOND }) };
  let asked = 0;
  stack.token = () => {
    asked += 1;
    return { ok: true, token: new Secret("t"), expiresAtMs: stack.clock.nowMs() + HOUR, scopes: [], identity: null };
  };
  await stack.setServer({ connection: { state: "reconnect_required", grant: grant(), reason: "unclear", sinceMs: 0 } });
  await stack.accept("msg_a");
  await deliverMessage(deps, "msg_a");
  assert.equal((await stack.message("msg_a")).status, "held");
  await stack.setServer({});
  await stack.accept("msg_b");
  await deliverMessage(deps, "msg_b");
  assert.equal((await stack.message("msg_b")).status, "sent", "reconnected a moment ago: not held by what was before");
  const pause = { ...defaultSettings(stack.deps.environment), paused: true };
  await stack.deps.records.commit([{ op: "put", kind: "settings", id: "settings", value: pause }]);
  stack.clock.advance(5 * SECOND);
  await stack.accept("msg_c");
  await deliverMessage(deps, "msg_c");
  assert.equal((await stack.message("msg_c")).status, "held", "a pause is in force within 5 s");
  assert.equal(asked, 1);
});

test("a token of another grant is not reused", async () => {
  for (const [n, secretVersion] of ["1", "2", "2"].entries()) {
    const tokens: string[] = [];
    await stack.setServer({ connection: { state: "valid", grant: grant({ secretVersion }) } });
    stack.token = () => {
      tokens.push(secretVersion);
      return {
        ok: true,
        token: new Secret(secretVersion),
        expiresAtMs: stack.clock.nowMs() + HOUR,
        scopes: [],
        identity: null,
      };
    };
    await stack.accept(`msg_${n}`);
    await deliverMessage(stack.deps, `msg_${n}`);
    assert.equal(stack.attempts.at(-1)?.token, secretVersion);
    assert.equal(tokens.length, n === 2 ? 0 : 1);
  }
});

test("a claim that ended a day late gives nothing back, because its share has left the ledger already", () => {
  const { clock } = stack;
  const nowMs = clock.nowMs();
  const ledger = { ...EMPTY_LEDGER, entries: [{ atMs: nowMs - HOUR, recipients: 5 }] };
  const late = { id: "msg_a", claimedAtMs: nowMs - DAY - HOUR, unsent: 3, limit: null };
  assert.deepEqual(applyCorrection(clock, ledger, late).entries, ledger.entries);
});

test("the ledger of a fast sender stays small, and no rolling minute exceeds its limit for all that", () => {
  const limits = { perMinute: 500, perDay: 1_000_000 };
  let ledger = EMPTY_LEDGER;
  const claimedAt: number[] = [];
  let most = 0;
  for (let step = 0; step < 9_000; step += 1) {
    const atMs = stack.clock.nowMs();
    const demand = {
      atMs,
      id: `msg_${step}`,
      createdAtMs: atMs,
      recipients: 1,
      limits,
      untilMs: atMs,
      ahead: 0,
    };
    const room = reserve(stack.clock, ledger, demand);
    if (room.kind === "room") {
      ledger = room.after;
      claimedAt.push(atMs);
      most = Math.max(most, ledger.entries.length);
    }
    stack.clock.advance(20);
  }
  assert.ok(most < 200, `${most} entries`);
  assert.ok(claimedAt.length > 1_400, `${claimedAt.length} in three minutes`);
  for (const [first, atMs] of claimedAt.entries()) {
    const next = claimedAt[first + limits.perMinute];
    assert.ok(next === undefined || next - atMs >= MINUTE, "one too many within a minute");
  }
});

test("merged entries count until the latest of them is too old, even if the clocks of two instances differ", () => {
  const { clock } = stack;
  const binMs = Math.floor((clock.nowMs() - HOUR) / MINUTE) * MINUTE;
  const entries = [
    { atMs: binMs + 500, recipients: 1 },
    { atMs: binMs + 100, recipients: 1 },
  ];
  const limits = { perMinute: 9, perDay: 9 };
  const demand = { id: "msg_a", createdAtMs: 0, recipients: 1, limits, untilMs: 0, ahead: 0 };
  const room = reserve(clock, { ...EMPTY_LEDGER, entries }, { ...demand, atMs: clock.nowMs() });
  assert.ok(room.kind === "room");
  assert.deepEqual(room.after.entries[0], { atMs: binMs + 500, recipients: 2 });
});

test("a new message that finds a line whose limit is over releases that line at once, in order", async () => {
  await stack.setServer({ limits: { perMinute: 1, perDay: 100 } });
  for (const id of ["msg_a", "msg_b"]) await stack.accept(id);
  for (const id of ["msg_a", "msg_b"]) await deliverMessage(stack.deps, id);
  assert.equal((await stack.message("msg_b")).status, "held");
  await stack.setServer({ limits: { perMinute: 50, perDay: 100 } });
  stack.clock.advance(1);
  await stack.accept("msg_c");
  const rooms: unknown[] = [];
  const publish = async (topic: string, { data }: { readonly data: unknown }) => {
    if (topic === "mail-dispatch") rooms.push(data);
  };
  await deliverMessage({ ...stack.deps, publisher: { publish } }, "msg_c");
  assert.equal((await stack.message("msg_c")).status, "held", "it does not overtake");
  assert.deepEqual(rooms, [{ room: SERVER }]);
  stack.published();
  await releaseIntoRoom(stack.deps, SERVER);
  assert.deepEqual(stack.published(), ["msg_b", "msg_c"]);
});
