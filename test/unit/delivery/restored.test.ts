import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { MINUTE, SECOND } from "../../../functions/domain/clock.ts";
import { deliverMessage } from "../../../functions/domain/messages/deliver/deliver.ts";
import { doubtRestored } from "../../../functions/domain/messages/due/doubt-restored.ts";
import type { MissingField } from "../../../functions/domain/messages/message.ts";
import { Unavailable } from "../../../functions/domain/problem.ts";
import { acceptedMessage, type Delivery, delivery } from "../../builders/delivery.ts";

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
