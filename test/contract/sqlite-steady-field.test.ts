import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { EMPTY_LEDGER } from "../../functions/domain/messages/limits/room.ts";
import type { Message } from "../../functions/domain/messages/message.ts";
import { encodeCommit } from "../../functions/domain/record-limits.ts";
import { testClock } from "../builders/clock.ts";
import { acceptedMessage } from "../builders/delivery.ts";
import { testStore } from "../builders/store.ts";

const folder = mkdtempSync(join(tmpdir(), "relais-steady-"));
after(() => rmSync(folder, { recursive: true }));

/** A page and its header (sqlite.org/fileformat2.html#the_write_ahead_log). */
const FRAME = 4_096 + 24;
const clock = testClock();
const TEXT = 'Déjà vu, "cited" and broken\n'.repeat(900);

const message = (id: string, json: string, more: Partial<Message> = {}): Message =>
  ({ ...acceptedMessage(clock, id), body: { kind: "inline", json }, ...more }) as Message;

/** Creates a message, changes it as said, and counts the pages that the change wrote. */
const pagesOf = async (name: string, before: Message, change: Message): Promise<number> => {
  const path = join(folder, name);
  const store = testStore(clock, path);
  // SQLite keeps the versions 0 and 1 in no byte at all, and the row would grow by one.
  for (const id of ["srv_a", "srv_b"])
    await store.records.commit([{ op: "put", kind: "quotas", id, value: EMPTY_LEDGER }]);
  const first = await store.records.commit([{ op: "create", kind: "messages", id: "msg_a", value: before }]);
  assert.ok(first.done);
  store.emptyLog();
  const version = first.versions[0] ?? "";
  const second = await store.records.commit([{ op: "replace", kind: "messages", id: "msg_a", version, value: change }]);
  assert.ok(second.done);
  assert.deepEqual((await store.records.get("messages", "msg_a"))?.value, change);
  const pages = Math.floor(statSync(`${path}-wal`).size / FRAME);
  store.close();
  return pages;
};

test("a move of a message does not write its body again", async () => {
  const before = message("msg_a", TEXT);
  const moved = message("msg_a", TEXT, { updatedAtMs: before.updatedAtMs + 1, subject: "Bonjour à tous" });
  const rewritten = message("msg_a", `${TEXT}.`.repeat(2));
  const small = message("msg_a", "{}");
  const least = await pagesOf("small", small, message("msg_a", "{}", { subject: "Bonjour à tous" }));
  // The body of 26 kB lies on six pages of its own; one more holds the fields before it.
  assert.ok((await pagesOf("moved", before, moved)) <= least + 1);
  assert.ok((await pagesOf("rewritten", before, rewritten)) >= least + 12);
});

test("the text of a record has its steady field last, and says the same", () => {
  const body = { kind: "inline", json: TEXT } as const;
  const { body: _, ...rest } = acceptedMessage(clock, "msg_a");
  const value = { body, ...rest, later: { body: "one" } } as never as Message;
  const writes = [
    { op: "put", kind: "messages", id: "msg_a", value },
    { op: "put", kind: "messages", id: "msg_b", value: { body } as never as Message },
    { op: "put", kind: "messages", id: "msg_c", value: { later: 1 } as never as Message },
    { op: "put", kind: "quotas", id: "srv_a", value: { body: 1 } as never },
    { op: "delete", kind: "messages", id: "msg_d" },
  ] as const;
  const encoded = encodeCommit(writes);
  for (const [at, write] of writes.entries())
    if (write.op !== "delete") assert.deepEqual(JSON.parse(encoded[at]?.text ?? ""), { ...write.value });
  const [first, ...others] = encoded;
  assert.ok(first !== undefined && first.steadyAt !== null);
  assert.equal(first.text.slice(first.steadyAt), `"body":${JSON.stringify(value.body)}}`);
  assert.deepEqual(
    others.map(({ steadyAt }) => steadyAt),
    [null, null, null, null],
  );
});
