import assert from "node:assert/strict";
import { afterEach, beforeEach, suite, test } from "node:test";
import { eraseFinalBody } from "../../../functions/domain/messages/commit-move.ts";
import { finish } from "../../../functions/domain/messages/finish.ts";
import type { Message } from "../../../functions/domain/messages/message.ts";
import { timelineNote } from "../../../functions/domain/messages/timeline-notes.ts";
import { messageView } from "../../../functions/domain/messages/views/message-view.ts";
import { testClock } from "../../builders/clock.ts";
import { type MessageBench, messageBench } from "../../builders/messages.ts";

let bench: MessageBench;
beforeEach(async () => {
  bench = messageBench();
  await bench.addServer("srv_ada");
});
afterEach(() => bench.close());

const FIELDS = {
  to: ["Bea <b@example.org>", "d@example.org"],
  cc: ["c@example.org", { name: "Dan", address: "D@Example.org" }],
  bcc: ["e@example.org", "B@EXAMPLE.ORG", "c@example.org"],
};
const KINDS = [
  ["b@example.org", "to"],
  ["d@example.org", "to"],
  ["c@example.org", "cc"],
  ["e@example.org", "bcc"],
];

const accepted = async (more: object = {}): Promise<Message> =>
  (await bench.accepted({ subject: "Bonjour", text: "Une ligne.", ...FIELDS, ...more })).value;
const viewOf = (value: Message) => messageView({ id: "msg_1", version: "1", value });
const kindsOf = (value: Message) => viewOf(value).recipients.map(({ address, kind }) => [address, kind]);
/** A record as the previous release stored it. */
const withoutKinds = (message: Message): Message => ({
  ...message,
  recipients: message.recipients.map(({ kind: _, ...recipient }) => recipient),
});

suite("to, cc and bcc", () => {
  test("are kept apart; an address in several fields counts once, for the most visible of them", async () => {
    const message = await accepted();
    assert.deepEqual(kindsOf(message), KINDS);
    const { to, cc, bcc } = viewOf(message);
    assert.deepEqual(
      { to, cc, bcc },
      {
        to: ["b@example.org", "d@example.org"],
        cc: ["c@example.org"],
        bcc: ["e@example.org"],
      },
    );
  });

  for (const only of ["to", "cc", "bcc"] as const) {
    test(`are each enough: a message may have ${only} alone`, async () => {
      const message = await accepted({ to: [], cc: [], bcc: [], [only]: "z@example.org" });
      assert.deepEqual(kindsOf(message), [["z@example.org", only]]);
      assert.deepEqual(viewOf(message)[only], ["z@example.org"]);
    });
  }

  test("are still known after the body is erased", async () => {
    const message: Message = { ...(await accepted()), body: { kind: "erased", atMs: 1 } };
    assert.deepEqual(kindsOf(message), KINDS);
  });

  test("are read from the body if an earlier release stored no kind, and are `to` once it is gone", async () => {
    const older = withoutKinds(await accepted());
    assert.deepEqual(kindsOf(older), KINDS);
    for (const body of [
      { kind: "erased", atMs: 1 },
      { kind: "chunks", count: 2, set: "s" },
    ] as const) {
      const view = viewOf({ ...older, body });
      assert.deepEqual(
        view.to,
        KINDS.map(([address]) => address),
      );
      assert.deepEqual([view.cc, view.bcc], [[], []]);
    }
  });

  for (const status of ["sent", "canceled", "expired"] as const) {
    test(`are stored when a message of an earlier release becomes ${status}`, async () => {
      const older = withoutKinds(await accepted());
      assert.ok(older.status === "queued");
      const note = timelineNote("expires_at_passed");
      const end = finish(testClock(), older, { status, nowMs: 1, retentionDays: 30, note });
      assert.equal(end.body.kind, "erased");
      assert.deepEqual(kindsOf(end), KINDS);
    });
  }

  test("are stored when the body of a failed message of an earlier release is erased", async () => {
    const older = withoutKinds(await accepted());
    assert.ok(older.status === "queued");
    const note = timelineNote("expires_at_passed");
    const failed = finish(testClock(), older, { status: "failed", nowMs: 1, retentionDays: 30, note });
    await bench.records.commit([{ op: "create", kind: "messages", id: "msg_failed", value: failed }]);
    const kept = await bench.records.get("messages", "msg_failed");
    assert.ok(kept);
    await eraseFinalBody(bench, kept);
    const erased = await bench.records.get("messages", "msg_failed");
    assert.ok(erased?.value.body.kind === "erased");
    assert.deepEqual(kindsOf(erased.value), KINDS);
  });

  test("come with the last reply about a recipient, if there is one", async () => {
    const message = await accepted();
    const reply = { code: 550, enhanced: "5.1.1", response: "No such user" };
    const [first, ...rest] = message.recipients;
    assert.ok(first);
    const view = viewOf({ ...message, recipients: [{ ...first, state: "rejected", reply }, ...rest] });
    assert.deepEqual(view.recipients[0], { address: "b@example.org", kind: "to", state: "rejected", reply });
    assert.deepEqual(view.recipients[1], { address: "d@example.org", kind: "to", state: "pending" });
    assert.deepEqual(view.rejected, ["b@example.org"]);
  });
});
