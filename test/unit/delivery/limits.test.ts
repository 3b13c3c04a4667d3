import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { DAY, MINUTE, SECOND } from "../../../functions/domain/clock.ts";
import { deliverMessage } from "../../../functions/domain/messages/deliver.ts";
import { dispatchDue } from "../../../functions/domain/messages/dispatch.ts";
import { acceptedMessage, type Delivery, delivery, refuses, takesAll } from "../../builders/delivery.ts";
import { eventually } from "../../builders/eventually.ts";

let stack: Delivery;
beforeEach(async () => {
  stack = await delivery();
});
afterEach(() => stack.close());

const ids = (count: number): string[] => Array.from({ length: count }, (_, n) => `msg_${String(n).padStart(3, "0")}`);

/** Every minute a tick; what it publishes is delivered at once, several at a time. */
const run = async (minutes: number): Promise<void> => {
  for (let minute = 0; minute < minutes; minute += 1) {
    await dispatchDue(stack.deps);
    await Promise.all(stack.published().map((id) => deliverMessage(stack.deps, id)));
    stack.clock.advance(MINUTE);
  }
};

test("no rolling minute sees more than the limit; the oldest leave first, and the last as soon as it may", async () => {
  await stack.setServer({ limits: { perMinute: 5, perDay: 1_000 } });
  const sentAt: { id: string; atMs: number }[] = [];
  stack.gmail = async (mail, beforeData, token) => {
    const outcome = await takesAll(mail, beforeData, token);
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

test("recipients count, not messages; the day's limit holds until the first of them are a day old", async () => {
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
  assert.equal(held.dueAtMs, firstAtMs + DAY);
  stack.clock.advance(DAY);
  await run(1);
  assert.equal((await stack.message("msg_b")).status, "sent");
});

test("what did not happen is given back", async () => {
  await stack.setServer({ limits: { perMinute: 1, perDay: 1 } });
  await stack.accept("msg_a");
  await stack.accept("msg_b");
  stack.gmail = refuses("body", 550, "5.7.1");
  await deliverMessage(stack.deps, "msg_a");
  stack.gmail = takesAll;
  await deliverMessage(stack.deps, "msg_b");
  assert.equal((await stack.message("msg_b")).status, "sent");
});

test("a worker that died before the mark is given back too", async () => {
  await stack.setServer({ limits: { perMinute: 1, perDay: 1 } });
  await stack.accept("msg_a");
  stack.gmail = () => new Promise(() => undefined);
  void deliverMessage(stack.deps, "msg_a");
  await eventually("the worker is at Gmail's", () => stack.attempts.length === 1);
  stack.gmail = takesAll;
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

test("a mail to more than a minute's recipients goes alone, when the minute is empty", async () => {
  await stack.setServer({ limits: { perMinute: 2, perDay: 100 } });
  await stack.accept("msg_a", acceptedMessage(stack.clock, "msg_a", ["a@y.org", "b@y.org", "c@y.org"]));
  await deliverMessage(stack.deps, "msg_a");
  assert.equal((await stack.message("msg_a")).status, "sent");
});
