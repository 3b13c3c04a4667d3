import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { leavingLaterAlone } from "../../../functions/domain/later-records.ts";
import type { LogFields } from "../../../functions/domain/log.ts";
import { dispatchDue } from "../../../functions/domain/messages/due/dispatch.ts";
import type { Message } from "../../../functions/domain/messages/message.ts";
import { isOfLaterVersion } from "../../../functions/domain/record-version.ts";
import { UNDERSTANDS } from "../../../functions/runtime/understands.ts";
import { inState, messageBench, simpleMessage } from "../../builders/messages.ts";

const later = (message: Message, status: string): Message => ({ ...message, status, dueAtMs: 1 }) as unknown as Message;

/** A bench with the store that the functions use, and what it logged about records of a later release. */
const guardedBench = () => {
  const bench = messageBench();
  const logged: LogFields[] = [];
  const log = { ...bench.log, warn: (code: string, fields: LogFields = {}) => void logged.push({ code, ...fields }) };
  const records = leavingLaterAlone(bench.records, { log, understands: UNDERSTANDS });
  return { bench, deps: { ...bench, records, log }, logged };
};

suite("Records of a later release in the store", () => {
  test("do not keep a tick from known records, however many are due before them, and cost one log line per page", async () => {
    const { bench, deps, logged } = guardedBench();
    await bench.addServer("srv_one");
    const known = await bench.accepted({ ...simpleMessage, server: "srv_one" });
    for (let n = 0; n < 230; n += 1) {
      const value = later(known.value, `awaiting_${n % 3}`);
      await bench.records.commit([{ op: "put", kind: "messages", id: `msg_later_${n}`, value }]);
    }
    const due = inState(known.value, { status: "scheduled", scheduledAtMs: 2, dueAtMs: 2 });
    await bench.records.commit([{ op: "put", kind: "messages", id: known.id, value: due }]);
    await dispatchDue(deps);
    assert.equal((await bench.records.get("messages", known.id))?.value.status, "queued");
    assert.equal(bench.published.length, 2, "once when it was accepted, once by the tick");
    assert.equal(
      logged.reduce((sum, { count }) => sum + Number(count), 0),
      230,
    );
    assert.ok(logged.length <= 5 && logged.every(({ code }) => code === "later_records_left"));
    bench.close();
  });

  test("can be read, but are never overwritten", async () => {
    const { bench, deps } = guardedBench();
    await bench.addServer("srv_one");
    const { id, value } = await bench.accepted({ ...simpleMessage, server: "srv_one" });
    await bench.records.commit([{ op: "put", kind: "messages", id, value: later(value, "awaiting_approval") }]);
    const read = await deps.records.get("messages", id);
    assert.ok(read);
    assert.equal(read.value.status, "awaiting_approval");
    const replace = { op: "replace", kind: "messages", id, version: read.version, value } as const;
    const other = { op: "put", kind: "serverNames", id: "other", value: { serverId: "srv_one" } } as const;
    assert.deepEqual(await deps.records.commit([other, replace]), { done: false, at: 1 });
    assert.deepEqual(await deps.records.commit([{ op: "delete", kind: "messages", id, version: read.version }]), {
      done: false,
      at: 0,
    });
    assert.equal(await bench.records.get("serverNames", "other"), undefined, "nothing of the commit was done");
    const listed = await deps.records.query("messagesNewest", {}, { limit: 10 });
    assert.ok(listed !== "bad_cursor");
    assert.deepEqual(
      listed.items.map(({ version }) => version),
      [read.version],
    );
    bench.close();
  });

  test("have their version, or the first version if they name none", () => {
    assert.equal(isOfLaterVersion("messages", {}), false);
    assert.equal(isOfLaterVersion("messages", { recordVersion: 1 }), false);
    for (const recordVersion of [2, 1_000, "2", null, {}])
      assert.equal(isOfLaterVersion("messages", { recordVersion }), true, JSON.stringify(recordVersion));
  });
});
