import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { MINUTE } from "../../../functions/domain/clock.ts";
import { deliverMessage } from "../../../functions/domain/messages/deliver/deliver.ts";
import type { DeliveryDeps } from "../../../functions/domain/messages/delivery-deps.ts";
import { dispatchDue } from "../../../functions/domain/messages/due/dispatch.ts";
import { releaseHeld } from "../../../functions/domain/messages/due/release.ts";
import { Unavailable } from "../../../functions/domain/problem.ts";
import { defaultSettings } from "../../../functions/domain/settings/read-settings.ts";
import { type Delivery, delivery, SERVER } from "../../builders/delivery.ts";
import { grant } from "../../builders/mail-server.ts";

let stack: Delivery;
beforeEach(async () => {
  stack = await delivery();
});

const ids = (count: number): string[] => Array.from({ length: count }, (_, n) => `msg_${String(n).padStart(3, "0")}`);

/** Runs a tick every minute, and delivers at once what it publishes. */
const run = async (minutes: number): Promise<void> => {
  for (let minute = 0; minute < minutes; minute += 1) {
    await dispatchDue(stack.deps);
    for (const id of stack.published()) await deliverMessage(stack.deps, id);
    stack.clock.advance(MINUTE);
  }
};

const SLOW = { limits: { perMinute: 5, perDay: 1_000 } };

/** 25 messages. The server sends five of them with its present limits; the others wait in line. */
const lineOf25 = async (): Promise<void> => {
  for (const id of ids(25)) {
    await stack.accept(id);
    stack.clock.advance(1);
  }
  for (const id of ids(25)) await deliverMessage(stack.deps, id);
};

/** Whatever held the line is over; four more minutes are enough to send it. */
const lineLeaves = async (): Promise<void> => {
  await stack.setServer(SLOW);
  await releaseHeld(stack.deps, SERVER);
  for (const id of stack.published()) await deliverMessage(stack.deps, id);
  await run(5);
  for (const id of ids(25)) assert.equal((await stack.message(id)).status, "sent", id);
};

test("a line that waited while its account was cut off moves at its usual pace once the account is back", async () => {
  await stack.setServer(SLOW);
  await lineOf25();
  await stack.setServer({
    ...SLOW,
    connection: {
      state: "reconnect_required",
      grant: grant(),
      reason: "password_or_revoked",
      sinceMs: stack.clock.nowMs(),
    },
  });
  stack.clock.advance(2 * MINUTE);
  await run(2);
  await lineLeaves();
});

test("a line that waited for the next day moves at its usual pace once the limit is raised", async () => {
  await stack.setServer({ limits: { perMinute: 5, perDay: 5 } });
  await lineOf25();
  stack.clock.advance(2 * MINUTE);
  await run(2);
  await lineLeaves();
});

test("a paused line is not written every minute, and moves at its usual pace once the pause is over", async () => {
  await stack.setServer(SLOW);
  await lineOf25();
  const paused = (value: boolean) => {
    const settings = { ...defaultSettings(stack.deps.environment), paused: value };
    return stack.deps.records.commit([{ op: "put", kind: "settings", id: "settings", value: settings }]);
  };
  await paused(true);
  stack.clock.advance(25 * MINUTE);
  await dispatchDue(stack.deps);
  stack.clock.advance(4 * MINUTE);
  assert.equal(await dispatchDue(stack.deps), 0);
  await paused(false);
  await lineLeaves();
});

test("a message that cannot be handled does not block any other", async () => {
  await stack.accept("msg_000", { status: "scheduled", scheduledAtMs: 0, timeline: null as never });
  await stack.accept("msg_001");
  stack.clock.advance(MINUTE);
  await dispatchDue(stack.deps);
  assert.deepEqual(stack.published(), ["msg_001"]);
});

test("a message that the store fails on does not block any other, whereas a store that is down ends the tick", async () => {
  for (const id of ids(20)) await stack.accept(id);
  stack.clock.advance(MINUTE);
  const { records } = stack.deps;
  const without = (isLost: (id: string) => boolean): DeliveryDeps => ({
    ...stack.deps,
    records: {
      get: records.get.bind(records),
      query: records.query.bind(records),
      commit: async (writes) => {
        if (writes.some(({ id }) => isLost(id))) throw new Unavailable("write", { cause: new Error("down") });
        return records.commit(writes);
      },
    },
  });
  await dispatchDue(without((id) => id === "msg_000"));
  assert.deepEqual(stack.published(), ids(20).slice(1));
  stack.clock.advance(MINUTE);
  await assert.rejects(dispatchDue(without(() => true)), Unavailable);
});

test("however many messages wait for one server's limit, another server's message leaves when it is due", async () => {
  await stack.setServer({ limits: { perMinute: 1, perDay: 1_000 } });
  await stack.setServer({}, "srv_two");
  for (const id of ids(60)) {
    await stack.accept(id, { status: "held", because: "limit_reached", sinceMs: 0, dueAtMs: stack.clock.nowMs() });
  }
  stack.clock.advance(MINUTE);
  await stack.accept("msg_two", { serverId: "srv_two", dueAtMs: stack.clock.nowMs() });
  const { records } = stack.deps;
  // One page for each message, as if there were a hundred times as many.
  const query: typeof records.query = (name, args, page) =>
    records.query(name, args, name === "messagesDue" ? { ...page, limit: 1 } : page);
  const get = records.get.bind(records);
  await dispatchDue({ ...stack.deps, records: { get, query, commit: records.commit.bind(records) } });
  assert.ok(stack.published().includes("msg_two"));
});
