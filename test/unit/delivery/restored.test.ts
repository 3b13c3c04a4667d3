import assert from "node:assert/strict";
import { beforeEach, suite, test } from "node:test";
import { DAY, HOUR, isoTime, MINUTE, SECOND } from "../../../functions/domain/clock.ts";
import { rescheduleMessage } from "../../../functions/domain/messages/commands/reschedule.ts";
import { resolveByPerson } from "../../../functions/domain/messages/commands/resolve-by-person.ts";
import { deliverMessage } from "../../../functions/domain/messages/deliver/deliver.ts";
import { dispatchDue } from "../../../functions/domain/messages/due/dispatch.ts";
import { doubtRestored } from "../../../functions/domain/messages/due/doubt-restored.ts";
import { releaseAllHeld } from "../../../functions/domain/messages/due/release.ts";
import type { Message, MissingField } from "../../../functions/domain/messages/message.ts";
import { messageView } from "../../../functions/domain/messages/views/message-view.ts";
import { Unavailable } from "../../../functions/domain/problem.ts";
import { defaultSettings } from "../../../functions/domain/settings/read-settings.ts";
import { acceptedMessage, type Delivery, delivery } from "../../builders/delivery.ts";
import { OPERATOR } from "../../builders/mail-server.ts";

let stack: Delivery;
beforeEach(async () => {
  stack = await delivery();
});

const IDS = ["msg_a", "msg_b", "msg_c"];

test("an interrupted restore continues when it is run again, and refuses another time", async () => {
  for (const id of IDS) await stack.accept(id);
  const asOfMs = stack.clock.nowMs();
  stack.clock.advance(60 * SECOND);
  const { records } = stack.deps;
  let writes = 0;
  const cutOff = {
    get: records.get.bind(records),
    query: records.query.bind(records),
    commit: async (all: Parameters<typeof records.commit>[0]) => {
      writes += 1;
      if (writes > 2) throw new Unavailable("write", { cause: new Error("down") });
      return records.commit(all);
    },
  };
  await assert.rejects(doubtRestored({ ...stack.deps, records: cutOff }, asOfMs), Unavailable);
  stack.clock.advance(60 * SECOND);
  assert.equal((await doubtRestored(stack.deps, asOfMs - SECOND)).ok, false);
  assert.deepEqual(await doubtRestored(stack.deps, asOfMs), { ok: true, value: 3 });
  for (const id of IDS) {
    const { status, timeline } = await stack.message(id);
    assert.equal(status, "unknown");
    assert.equal(timeline.length, 2, "doubted once");
  }
});

test("a mail whose Message-ID is its caller's goes to a person unsearched: the copy may be one whose record is lost", async () => {
  const missing: Readonly<Record<string, readonly MissingField[]>> = { msg_a: [], msg_b: ["Message-ID"] };
  for (const [id, fields] of Object.entries(missing)) {
    const body = { kind: "raw", text: "To: b@y.org\r\n\r\n", missing: fields } as const;
    await stack.accept(id, { ...acceptedMessage(stack.clock, id), body });
  }
  stack.clock.advance(60 * SECOND);
  assert.ok((await doubtRestored(stack.deps, stack.clock.nowMs())).ok);
  stack.lookup = "found";
  stack.clock.advance(2 * MINUTE);
  for (const id of Object.keys(missing)) await deliverMessage(stack.deps, id);
  const theirs = await stack.message("msg_a");
  assert.ok(theirs.status === "unknown" && theirs.dueAtMs === null);
  assert.equal((await stack.message("msg_b")).status, "sent");
  assert.deepEqual(
    stack.searches.map(({ messageId }) => messageId),
    ["<msg_b@example.com>"],
  );
});

suite("A message that was scheduled", () => {
  const ID = "msg_later";

  const acceptScheduled = async (inMs: number, changes: Partial<Message> = {}): Promise<number> => {
    const scheduledAtMs = stack.clock.nowMs() + inMs;
    const timeline = [{ atMs: stack.clock.nowMs(), status: "scheduled", note: null }] as const;
    const state = { status: "scheduled", dueAtMs: scheduledAtMs, scheduledAtMs } as const;
    await stack.accept(ID, { ...state, timeline, ...changes } as Partial<Message>);
    return scheduledAtMs;
  };

  const restore = async (): Promise<void> => {
    stack.clock.advance(MINUTE);
    assert.ok((await doubtRestored(stack.deps, stack.clock.nowMs())).ok);
  };

  const run = async (minutes: number): Promise<void> => {
    for (let minute = 0; minute < minutes; minute += 1) {
      await dispatchDue(stack.deps);
      for (const id of stack.published()) await deliverMessage(stack.deps, id);
      stack.clock.advance(MINUTE);
    }
  };

  const resume = async (): Promise<void> => {
    const value = { ...defaultSettings(stack.deps.environment), paused: false };
    await stack.deps.records.commit([{ op: "put", kind: "settings", id: "settings", value }]);
    await releaseAllHeld(stack.deps);
  };

  const shown = async () => {
    const { status, scheduledAt, nextAttemptAt } = messageView({
      id: ID,
      version: "",
      value: await stack.message(ID),
    });
    return { status, scheduledAt, nextAttemptAt };
  };

  const resolveAs = (as: string) => resolveByPerson(stack.deps, OPERATOR, { id: ID, body: { as } });

  /** It must wait until its time, whoever resumes sending, and then go out at once. */
  const assertSentOnlyAt = async (scheduledAtMs: number): Promise<void> => {
    const at = isoTime(scheduledAtMs);
    assert.deepEqual(await shown(), { status: "scheduled", scheduledAt: at, nextAttemptAt: at });
    await resume();
    await run(30);
    stack.clock.advance(scheduledAtMs - stack.clock.nowMs() - MINUTE);
    await run(1);
    assert.deepEqual([(await stack.message(ID)).status, stack.attempts.length], ["scheduled", 0]);
    await run(1);
    assert.deepEqual([(await stack.message(ID)).status, stack.attempts.length], ["sent", 1]);
  };

  test("keeps its time: with `resend` it waits for it again once the searches find nothing", async () => {
    const lines: unknown[] = [];
    const log = { ...stack.deps.log, info: (...line: unknown[]) => void lines.push(line) };
    Object.assign(stack.deps, { log });
    const at = await acceptScheduled(7 * DAY, { onUnknown: "resend" });
    await restore();
    assert.deepEqual(await shown(), { status: "unknown", scheduledAt: isoTime(at), nextAttemptAt: null });
    await run(90);
    assert.equal(stack.searches.length, 4);
    await assertSentOnlyAt(at);
    const moved = lines.flat().filter((line) => typeof line === "object" && line !== null && "waitedMs" in line);
    assert.ok((moved.at(-1) as { waitedMs: number }).waitedMs < MINUTE, "the wait for its time is nobody's delay");
  });

  test("keeps its time through a person's decision, which no search hastens", async () => {
    const at = await acceptScheduled(7 * DAY);
    await restore();
    await run(90);
    assert.deepEqual(await shown(), { status: "unknown", scheduledAt: isoTime(at), nextAttemptAt: null });
    const moved = await rescheduleMessage(stack.deps, OPERATOR, { id: ID, body: { scheduledAt: isoTime(at) } });
    assert.ok(!moved.ok && moved.problem.code === "wrong_status");
    assert.ok((await resolveAs("resend")).ok);
    assert.deepEqual(stack.published(), []);
    await assertSentOnlyAt(at);
  });

  test("keeps its time where no search is allowed, and through a second restore", async () => {
    const at = await acceptScheduled(7 * DAY, { onUnknown: "resend", hasOwnMessageId: true });
    await restore();
    await restore();
    await run(90);
    assert.equal(stack.searches.length, 0);
    assert.equal((await shown()).scheduledAt, isoTime(at));
    assert.ok((await resolveAs("resend")).ok);
    await restore();
    await resolveAs("resend");
    await assertSentOnlyAt(at);
  });

  test("can be given another time once it waits again", async () => {
    await acceptScheduled(7 * DAY, { onUnknown: "resend" });
    await restore();
    await run(90);
    const at = stack.clock.nowMs() + DAY;
    assert.ok((await rescheduleMessage(stack.deps, OPERATOR, { id: ID, body: { scheduledAt: isoTime(at) } })).ok);
    await assertSentOnlyAt(at);
  });

  test("is sent if the sent mail has it: it may have been given an earlier time since the backup", async () => {
    await acceptScheduled(7 * DAY, { onUnknown: "resend" });
    await restore();
    stack.lookup = "found";
    await run(5);
    assert.deepEqual(await shown(), { status: "sent", scheduledAt: null, nextAttemptAt: null });
    assert.equal(stack.attempts.length, 0);
  });

  test("goes out as soon as sending is resumed if its time has passed meanwhile", async () => {
    await acceptScheduled(HOUR, { onUnknown: "resend" });
    await restore();
    await run(70);
    assert.deepEqual(await shown(), { status: "held", scheduledAt: null, nextAttemptAt: null });
    await resume();
    await run(1);
    assert.equal((await stack.message(ID)).status, "sent");
  });

  test("goes to a person if its end has passed meanwhile, or its server is gone", async () => {
    const soon = stack.clock.nowMs() + HOUR;
    await acceptScheduled(HOUR, { onUnknown: "resend", expiresAtMs: soon });
    await restore();
    await run(70);
    const late = await stack.message(ID);
    assert.deepEqual(
      [late.status, late.dueAtMs, late.timeline.at(-1)?.noteCode],
      ["unknown", null, "expired_in_doubt"],
    );
    stack = await delivery();
    const at = await acceptScheduled(7 * DAY, { onUnknown: "resend", serverId: "srv_gone" });
    await restore();
    await run(3);
    const orphan = await stack.message(ID);
    assert.deepEqual([orphan.status, orphan.dueAtMs], ["unknown", null]);
    assert.equal((await shown()).scheduledAt, isoTime(at));
    assert.equal(orphan.timeline.at(-1)?.noteCode, "server_deleted_in_doubt");
  });
});
