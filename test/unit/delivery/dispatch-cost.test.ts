import assert from "node:assert/strict";
import { test } from "node:test";
import { MINUTE } from "../../../functions/domain/clock.ts";
import { dispatchDue } from "../../../functions/domain/messages/due/dispatch.ts";
import type { Records } from "../../../functions/domain/records.ts";
import { delivery } from "../../builders/delivery.ts";
import { testStore } from "../../builders/store.ts";

/** Counts documents read and written, as Firestore charges them; a page that finds nothing counts as one read. */
const counting = (records: Records): { readonly records: Records; readonly operations: () => number } => {
  let operations = 0;
  const counted: Records = {
    get: (kind, id) => {
      operations += 1;
      return records.get(kind, id);
    },
    commit: (writes) => {
      operations += writes.length;
      return records.commit(writes);
    },
    query: async (name, args, page) => {
      const found = await records.query(name, args, page);
      operations += found === "bad_cursor" ? 1 : Math.max(1, found.items.length + (found.next === null ? 0 : 1));
      return found;
    },
  };
  return { records: counted, operations: () => operations };
};

/** The operations of ticks that dispatch so many lost messages. */
const costOf = async (messages: number): Promise<number> => {
  const store = testStore();
  const stack = await delivery(store.records);
  for (let n = 0; n < messages; n += 1) await stack.accept(`msg_${n}`);
  stack.clock.advance(2 * MINUTE);
  const { records, operations } = counting(store.records);
  assert.equal(await dispatchDue({ ...stack.deps, records }), messages);
  assert.equal(stack.published().length, messages);
  store.close();
  return operations();
};

test("due messages are dispatched at a cost that grows as their number does", async () => {
  const nothing = await costOf(0);
  const costs = new Map<number, number>();
  for (const messages of [100, 200, 400, 800]) costs.set(messages, ((await costOf(messages)) - nothing) / messages);
  // Each is read once and written once, and each page of 50 reads one more.
  for (const [messages, each] of costs) assert.ok(each >= 2 && each <= 2.05, `${each} each of ${messages}`);
});
