import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { HOUR } from "../../../functions/domain/clock.ts";
import { acceptMessage } from "../../../functions/domain/messages/accept/accept.ts";
import { sweepBodies } from "../../../functions/domain/messages/body-store.ts";
import type { Records } from "../../../functions/domain/records.ts";
import { OPERATOR } from "../../builders/mail-server.ts";
import { type MessageBench, messageBench, simpleMessage } from "../../builders/messages.ts";

let bench: MessageBench;
beforeEach(async () => {
  bench = messageBench();
  await bench.addServer("srv_one");
});
afterEach(() => bench.close());

const LARGE = { ...simpleMessage, server: "srv_one", text: "é".repeat(600_000) };

/** The ids of the chunks that a commit wrote, and whether they still exist. */
const watched = () => {
  const ids = new Set<string>();
  const { records } = bench;
  const watching: Records = {
    get: (kind, id) => records.get(kind, id),
    query: (...query) => records.query(...query),
    commit: (writes) => {
      for (const { kind, id, op } of writes) if (kind === "bodyChunks" && op === "put") ids.add(id);
      // The process dies before it writes the record.
      return writes.some(({ kind }) => kind === "messages") ? new Promise(() => undefined) : records.commit(writes);
    },
  };
  const left = async () => {
    const found = await Promise.all([...ids].map((id) => records.get("bodyChunks", id)));
    return found.filter((chunk) => chunk !== undefined).length;
  };
  return { watching, left };
};

test("the chunks of a body whose message was never stored are erased, but not within the first hour", async () => {
  const { watching, left } = watched();
  const kept = { ...bench, records: watching };

  void acceptMessage(kept, { principal: OPERATOR, json: LARGE, idempotencyKey: null, sizeLimit: 24_000_000 });
  while ((await left()) < 3) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await sweepBodies(bench), 0);
  bench.clock.advance(HOUR);
  assert.equal(await sweepBodies(bench), 1);
  assert.equal(await left(), 0);
});

test("the body of a waiting message is kept", async () => {
  const { value } = await bench.accepted(LARGE);
  bench.clock.advance(2 * HOUR);
  await sweepBodies(bench);
  assert.equal(await sweepBodies(bench), 0, "it is not looked at again that day");
  assert.ok(value.body.kind === "chunks");
  for (let index = 0; index < value.body.count; index += 1) {
    assert.ok(await bench.records.get("bodyChunks", `${value.body.set}.${index}`));
  }
});
