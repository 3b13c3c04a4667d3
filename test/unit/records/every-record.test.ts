import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { everyPage, everyRecord, listRecords } from "../../../functions/domain/every-record.ts";
import type { Records } from "../../../functions/domain/records.ts";
import { mailServer } from "../../builders/mail-server.ts";
import { testStore } from "../../builders/store.ts";

const store = testStore();
const ids = Array.from({ length: 25 }, (_, at) => `srv_${String(at).padStart(3, "0")}`);

const collect = async <T>(found: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const one of found) all.push(one);
  return all;
};

before(async () => {
  for (const [at, id] of ids.entries()) {
    const value = mailServer({ createdAtMs: at, username: at % 2 === 0 ? "even@example.com" : "odd@example.com" });
    await store.records.commit([{ op: "create", kind: "mailServers", id, value }]);
  }
});
after(() => store.close());

/** The same store, but it counts the queries. */
const counting = () => {
  let queries = 0;
  const query: Records["query"] = (...asked) => {
    queries += 1;
    return store.records.query(...asked);
  };
  return { query, queries: () => queries };
};

describe("reading every record that a query finds", () => {
  for (const page of [1, 2, 7, 24, 25, 26, 200]) {
    it(`returns each once and in order, with ${page} to a page`, async () => {
      const found = await collect(everyRecord(store.records, "serversByAge", {}, { page }));
      assert.deepEqual(
        found.map(({ id }) => id),
        ids,
      );
    });
  }

  it("uses the arguments of the query", async () => {
    const username = "odd@example.com";
    const found = await collect(everyRecord(store.records, "serversByUsername", { username }, { page: 5 }));
    assert.deepEqual(
      found.map(({ id }) => id),
      ids.filter((_, at) => at % 2 === 1),
    );
  });

  it("returns nothing if there is nothing", async () => {
    assert.deepEqual(await collect(everyRecord(store.records, "keysByAge", {})), []);
    assert.deepEqual((await collect(everyPage(store.records, "keysByAge", {}))).flat(), []);
  });

  it("stops as soon as the caller does", async () => {
    const records = counting();
    for await (const { id } of everyRecord(records, "serversByAge", {}, { page: 5 })) if (id === ids[6]) break;
    assert.equal(records.queries(), 2);
  });

  it("finds the rest even if the records found before are deleted or leave the query", async () => {
    const own = testStore();
    for (const id of ids) {
      const value = mailServer({ createdAtMs: 1, nextCheckAtMs: 1 });
      await own.records.commit([{ op: "create", kind: "mailServers", id, value }]);
    }
    let count = 0;
    for await (const page of everyPage(own.records, "serversDueForCheck", { upTo: 2 }, { page: 4 })) {
      count += page.length;
      await own.records.commit(page.map(({ id }) => ({ op: "delete", kind: "mailServers", id })));
    }
    assert.equal(count, ids.length);
    own.close();
  });

  it("throws if the store refuses its own cursor, and passes on the store's failures", async () => {
    const refusing = { query: async () => "bad_cursor" as const };
    await assert.rejects(collect(everyRecord(refusing, "serversByAge", {})), /refused its own cursor/);
    await assert.rejects(listRecords(refusing, "serversByAge", {}, { most: 1 }), /refused its own cursor/);
    const down = { query: () => Promise.reject(new RangeError("down")) };
    await assert.rejects(collect(everyPage(down, "serversByAge", {})), RangeError);
  });

  it("lists all of them, or a limited number, with no more queries than necessary", async () => {
    for (const most of [1, 3, 25, 26]) {
      const records = counting();
      const found = await listRecords(records, "serversByAge", {}, { most });
      assert.deepEqual(
        found.map(({ id }) => id),
        ids.slice(0, most),
      );
      assert.equal(records.queries(), 1);
    }
    assert.equal((await listRecords(store.records, "serversByAge", {})).length, ids.length);
  });
});
