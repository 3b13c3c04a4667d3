import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import type { ApiKey } from "../../functions/domain/access/records.ts";
import { eraseBody, packRaw, readRaw, storeBody } from "../../functions/domain/messages/body-store.ts";
import type { Tally } from "../../functions/domain/messages/stats/tally.ts";
import { QUERIES, type QueryName } from "../../functions/domain/queries.ts";
import type { RecordKind } from "../../functions/domain/record-kinds.ts";
import { MAX_RECORD_BYTES } from "../../functions/domain/record-limits.ts";
import type { Records, Versioned, Write } from "../../functions/domain/records.ts";
import { type Part, type ShardField, shardOf } from "../../functions/domain/shards.ts";
import { testClock } from "../builders/clock.ts";
import { testRandom } from "../builders/store.ts";

/** A store that is new at each opening. `other` is a second handle on it, as another process would have. */
export interface OpenedRecords {
  readonly records: Records;
  readonly other: Records;
  close(): Promise<void>;
}

const apiKey = (fields: Partial<ApiKey> = {}): ApiKey => ({
  name: "a key",
  secretSha256: "00",
  servers: [],
  permissions: ["send"],
  createdAtMs: 1_000,
  expiresAtMs: null,
  lastUsedAtMs: null,
  ...fields,
});

const done = async (records: Records, ...writes: Write[]): Promise<readonly string[]> => {
  const outcome = await records.commit(writes);
  assert.ok(outcome.done, `expected the commit to be done: ${JSON.stringify(outcome)}`);
  return outcome.versions;
};

const read = async (records: Records, id: string): Promise<Versioned<ApiKey>> => {
  const record = await records.get("keys", id);
  assert.ok(record, `${id} is there`);
  return record;
};

/** What every store of records guarantees (`domain/records.ts`). */
export const recordsContract = (name: string, open: () => Promise<OpenedRecords>): void => {
  describe(`records on ${name}`, () => {
    let store: OpenedRecords;
    let records: Records;
    before(async () => {
      store = await open();
      records = store.records;
    });
    after(() => store.close());

    writing(() => records);
    concurrency(() => store);
    adding(() => store);
    values(() => records);
    describe("queries", () => {
      for (const query of Object.keys(QUERIES) as QueryName[]) querying(query, open);
    });
  });
};

const writing = (records: () => Records): void => {
  test("a created record can be read through both handles, with the version that the commit returned", async () => {
    const [version] = await done(records(), { op: "create", kind: "keys", id: "made", value: apiKey() });
    assert.deepEqual(await records().get("keys", "made"), { id: "made", value: apiKey(), version });
  });

  test("an unknown id, or one that no store could have, returns undefined", async () => {
    for (const id of ["absent", "a/b", ".", "..", "__reserved__", "x".repeat(2_000), "é\u{1F600}", "\ud800", ""]) {
      assert.equal(await records().get("keys", id), undefined, id);
    }
  });

  test("each kind has its own ids", async () => {
    await done(records(), { op: "create", kind: "keys", id: "shared", value: apiKey() });
    assert.equal(await records().get("audit", "shared"), undefined);
  });

  test("create fails if the id exists", async () => {
    await done(records(), { op: "create", kind: "keys", id: "taken", value: apiKey({ name: "first" }) });
    const outcome = await records().commit([{ op: "create", kind: "keys", id: "taken", value: apiKey() }]);
    assert.deepEqual(outcome, { done: false, at: 0 });
    assert.equal((await read(records(), "taken")).value.name, "first");
  });

  test("put overwrites any record", async () => {
    await done(records(), { op: "put", kind: "keys", id: "put", value: apiKey({ name: "one" }) });
    await done(records(), { op: "put", kind: "keys", id: "put", value: apiKey({ name: "two" }) });
    assert.equal((await read(records(), "put")).value.name, "two");
  });

  test("replace fails unless the version is the one that was read", async () => {
    const [first = ""] = await done(records(), { op: "create", kind: "keys", id: "replaced", value: apiKey() });
    const replace = (version: string): Write => ({
      op: "replace",
      kind: "keys",
      id: "replaced",
      version,
      value: apiKey(),
    });
    const [second = ""] = await done(records(), replace(first));
    assert.deepEqual(await records().commit([replace(first)]), { done: false, at: 0 });
    await done(records(), replace(second));
  });

  test("replace fails if the record does not exist, also after a delete", async () => {
    const [version = ""] = await done(records(), { op: "create", kind: "keys", id: "gone", value: apiKey() });
    await done(records(), { op: "delete", kind: "keys", id: "gone", version });
    const replace: Write = { op: "replace", kind: "keys", id: "gone", version, value: apiKey() };
    assert.deepEqual(await records().commit([replace]), { done: false, at: 0 });
    await done(records(), { op: "create", kind: "keys", id: "gone", value: apiKey() });
    assert.deepEqual(await records().commit([replace]), { done: false, at: 0 }, "a version does not come back");
  });

  test("a version that the store could not have given is a failed precondition", async () => {
    await done(records(), { op: "put", kind: "keys", id: "odd", value: apiKey() });
    for (const version of ["", "nonsense", "0", "-1", "99999999999999999999"]) {
      const outcome = await records().commit([{ op: "replace", kind: "keys", id: "odd", version, value: apiKey() }]);
      assert.deepEqual(outcome, { done: false, at: 0 }, version);
    }
  });

  test("every write changes the version, even if the value is the same", async () => {
    const versions = new Set<string>();
    for (let round = 0; round < 5; round += 1) {
      const [version = ""] = await done(records(), { op: "put", kind: "keys", id: "same", value: apiKey() });
      assert.equal((await read(records(), "same")).version, version);
      versions.add(version);
    }
    assert.equal(versions.size, 5);
  });

  test("delete without a version succeeds whether or not the record exists, and returns an empty version", async () => {
    await done(records(), { op: "put", kind: "keys", id: "deleted", value: apiKey() });
    for (let round = 0; round < 2; round += 1) {
      assert.deepEqual(await done(records(), { op: "delete", kind: "keys", id: "deleted" }), [""]);
    }
    assert.equal(await records().get("keys", "deleted"), undefined);
  });

  test("delete with a version fails if the version has changed", async () => {
    const [old = ""] = await done(records(), { op: "put", kind: "keys", id: "guarded", value: apiKey() });
    const [now = ""] = await done(records(), { op: "put", kind: "keys", id: "guarded", value: apiKey() });
    const remove = (version: string): Write => ({ op: "delete", kind: "keys", id: "guarded", version });
    assert.deepEqual(await records().commit([remove(old)]), { done: false, at: 0 });
    await done(records(), remove(now));
    assert.deepEqual(await records().commit([remove(now)]), { done: false, at: 0 });
  });

  test("a commit is all or nothing, and says which precondition did not hold", async () => {
    const [version = ""] = await done(records(), { op: "put", kind: "keys", id: "kept", value: apiKey() });
    const outcome = await records().commit([
      { op: "create", kind: "keys", id: "beside", value: apiKey() },
      { op: "put", kind: "serverNames", id: "beside", value: { serverId: "srv_1" } },
      { op: "delete", kind: "keys", id: "kept" },
      { op: "replace", kind: "keys", id: "nowhere", version, value: apiKey() },
    ]);
    assert.deepEqual(outcome, { done: false, at: 3 });
    assert.equal(await records().get("keys", "beside"), undefined);
    assert.equal(await records().get("serverNames", "beside"), undefined);
    assert.equal((await read(records(), "kept")).version, version);
  });

  test("a commit of several kinds returns a version for each write, in order", async () => {
    const versions = await done(
      records(),
      { op: "create", kind: "keys", id: "several", value: apiKey() },
      { op: "delete", kind: "keys", id: "not-there" },
      { op: "create", kind: "serverNames", id: "several", value: { serverId: "srv_1" } },
    );
    assert.equal(versions[0], (await read(records(), "several")).version);
    assert.equal(versions[1], "");
    assert.equal(versions[2], (await records().get("serverNames", "several"))?.version);
  });

  test("a commit accepts 20 writes; 21, or two of one record, are a defect", async () => {
    const puts = (count: number): Write[] =>
      Array.from({ length: count }, (_, at) => ({ op: "put", kind: "keys", id: `many-${at}`, value: apiKey() }));
    assert.equal((await done(records(), ...puts(20))).length, 20);
    await assert.rejects(records().commit(puts(21)), RangeError);
    await assert.rejects(records().commit([...puts(1), ...puts(1)]), RangeError);
    assert.deepEqual(await records().commit([]), { done: true, versions: [] });
  });
};

const concurrency = (store: () => OpenedRecords): void => {
  test("one handle reads what the other has written", async () => {
    const { records, other } = store();
    const [version = ""] = await done(records, { op: "create", kind: "keys", id: "seen", value: apiKey() });
    await done(other, { op: "replace", kind: "keys", id: "seen", version, value: apiKey({ name: "by the other" }) });
    assert.equal((await read(records, "seen")).value.name, "by the other");
  });

  test("a commit that may be answered early is done, can be built on, and is durable in the end", async () => {
    const { records, other } = store();
    const create = { op: "create", kind: "keys", id: "early", value: apiKey() } as const;
    const first = await records.commit([create], { early: true });
    assert.ok(first.done);
    assert.deepEqual(await records.commit([create], { early: true }), { done: false, at: 0 });
    const value = apiKey({ name: "renamed" });
    const [version] = await done(records, { ...create, op: "replace", version: first.versions[0] ?? "", value });
    await first.durable?.();
    assert.deepEqual(await other.get("keys", "early"), { id: "early", value, version });
  });

  // Each round lets one of them through, so twice as many take four times the work.
  test("12 concurrent read-modify-replace end with 12 increments", { timeout: 240_000 }, async () => {
    const { records, other } = store();
    await done(records, { op: "create", kind: "keys", id: "counter", value: apiKey({ createdAtMs: 0 }) });
    const increment = async (handle: Records): Promise<void> => {
      for (;;) {
        const { value, version } = await read(handle, "counter");
        const next = { ...value, createdAtMs: value.createdAtMs + 1 };
        const outcome = await handle.commit([{ op: "replace", kind: "keys", id: "counter", version, value: next }]);
        if (outcome.done) return;
      }
    };
    await Promise.all(Array.from({ length: 12 }, (_, at) => increment(at % 2 === 0 ? records : other)));
    assert.equal((await read(records, "counter")).value.createdAtMs, 12);
  });

  test("of 20 concurrent creates of one id, one succeeds", { timeout: 240_000 }, async () => {
    const { records, other } = store();
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        (at % 2 === 0 ? records : other).commit([
          { op: "create", kind: "keys", id: "raced", value: apiKey({ name: String(at) }) },
        ]),
      ),
    );
    const winners = outcomes.flatMap((outcome, at) => (outcome.done ? [String(at)] : []));
    assert.deepEqual(winners, [(await read(records, "raced")).value.name]);
  });
};

/** Sums of a month, and one write that adds to them. */
const adding = (store: () => OpenedRecords): void => {
  const tally = (counts: Readonly<Record<string, number>>): Tally => ({
    scope: "srv_1",
    monthMs: 1_000,
    counts,
    eraseAtMs: Date.parse("2999-01-01T00:00:00Z"),
  });
  const add = (id: string, counts: Readonly<Record<string, number>>): Write => ({
    op: "add",
    kind: "tallies",
    id,
    value: tally(counts),
  });
  const stored = async (id: string) => (await store().records.get("tallies", id))?.value;

  test("add creates a record, then adds to its numbers, and returns the version", async () => {
    const { records } = store();
    await done(records, add("added", { a: 1, "b.c": 2 }));
    const [version] = await done(records, add("added", { a: -3, "d/é `": 4 }));
    const expected = tally({ a: -2, "b.c": 2, "d/é `": 4 });
    assert.deepEqual(await records.get("tallies", "added"), { id: "added", value: expected, version });
    const found = await records.query("talliesOf", { scope: "srv_1", upTo: 1_000 }, { limit: 200 });
    assert.ok(found !== "bad_cursor");
    assert.deepEqual(
      found.items.filter(({ id }) => id === "added").map(({ value }) => value),
      [expected],
    );
  });

  test("a commit that is not done adds nothing", async () => {
    const { records } = store();
    await done(records, add("whole", { a: 1 }), { op: "put", kind: "keys", id: "whole", value: apiKey() });
    const taken: Write = { op: "create", kind: "keys", id: "whole", value: apiKey() };
    assert.deepEqual(await records.commit([add("whole", { a: 1 }), taken]), { done: false, at: 1 });
    assert.deepEqual(await stored("whole"), tally({ a: 1 }));
  });

  test("put, replace and create set the numbers", async () => {
    const { records } = store();
    await done(records, add("set", { a: 1, b: 1 }));
    const [version = ""] = await done(records, { op: "put", kind: "tallies", id: "set", value: tally({ b: 5 }) });
    assert.deepEqual(await stored("set"), tally({ b: 5 }));
    await done(records, { op: "replace", kind: "tallies", id: "set", version, value: tally({ c: 7 }) });
    await done(records, add("set", { c: 1 }));
    assert.deepEqual(await stored("set"), tally({ c: 8 }));
    await done(records, { op: "delete", kind: "tallies", id: "set" });
    await done(records, { op: "create", kind: "tallies", id: "set", value: tally({ d: 9 }) });
    assert.deepEqual(await stored("set"), tally({ d: 9 }));
  });

  test("50 concurrent additions all count, and none is refused", { timeout: 240_000 }, async () => {
    const { records, other } = store();
    const additions = Array.from({ length: 50 }, (_, at) =>
      (at % 2 === 0 ? records : other).commit([add("busy", { all: 1, [`of-${at % 2}`]: 2 })]),
    );
    assert.ok((await Promise.all(additions)).every((outcome) => outcome.done));
    assert.deepEqual(await stored("busy"), tally({ all: 50, "of-0": 50, "of-1": 50 }));
  });
};

const values = (records: () => Records): void => {
  test("any JSON is read as it was written", { timeout: 240_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 4 }), async (json) => {
        const value = apiKey({ name: JSON.stringify(json) });
        const odd = { ...value, extra: JSON.parse(JSON.stringify(json)) };
        await done(records(), { op: "put", kind: "keys", id: "json", value: odd });
        assert.deepEqual((await read(records(), "json")).value, odd);
      }),
      { numRuns: 40 },
    );
  });

  test("field names and texts that are special in databases are plain data", async () => {
    const odd = {
      ...apiKey({ name: "Été \u{1F4E7} \u0000 ' \" ` $.x 日本語" }),
      detail: { __name__: 1, "a.b": [[1], [[2]]], "": null, "`": { "/": "~" }, Élan: 1.5, big: 9_007_199_254_740_991 },
    };
    await done(records(), { op: "put", kind: "keys", id: "odd-names", value: odd });
    assert.deepEqual((await read(records(), "odd-names")).value, odd);
  });

  test("a record of almost 900 KiB is stored; one above the limit is a defect and keeps the old one", async () => {
    const chunk = (length: number): Write => ({
      op: "put",
      kind: "bodyChunks",
      id: "msg_1.0",
      value: { messageId: "msg_1", index: 0, text: "é".repeat(length / 2), createdAtMs: 1 },
    });
    await done(records(), chunk(900 * 1024));
    assert.equal((await records().get("bodyChunks", "msg_1.0"))?.value.text.length, 450 * 1024);
    await assert.rejects(records().commit([chunk(MAX_RECORD_BYTES)]), RangeError);
    assert.equal((await records().get("bodyChunks", "msg_1.0"))?.value.text.length, 450 * 1024);
  });

  test("a chunk of a body may consist of quotes and backslashes, because JSON's escapes do not count", async () => {
    const value = { messageId: "msg_1", index: 0, text: '\\"'.repeat(425_000), createdAtMs: 1 };
    await done(records(), { op: "put", kind: "bodyChunks", id: "quotes", value });
    assert.deepEqual((await records().get("bodyChunks", "quotes"))?.value, value);
    const broken = { ...value, text: "half a character: \ud83d" };
    await done(records(), { op: "put", kind: "bodyChunks", id: "quotes", value: broken });
    assert.deepEqual((await records().get("bodyChunks", "quotes"))?.value, broken);
  });

  test("a composed mail is stored in chunks and read as the same octets, whatever they are, then erased", async () => {
    const octets = Buffer.from(Array.from({ length: 255 }, (_, at) => at + 1));
    const bytes = Buffer.concat([Buffer.alloc(1_500_000, octets), Buffer.alloc(1_000_000, 1), Buffer.from("\r\n")]);
    const deps = { records: records(), clock: testClock(), random: testRandom };
    const body = await storeBody(deps, "msg_1", packRaw({ bytes, missing: [] }));
    assert.ok(body.kind === "raw_chunks" && body.count > 4, body.kind);
    const front = Buffer.from("Date: now\r\n");
    assert.ok((await readRaw(deps, body, front)).equals(Buffer.concat([front, bytes])));
    await eraseBody(deps, { body });
    for (const part of [...Array(body.count).keys(), "marker"])
      assert.equal(await records().get("bodyChunks", `${body.set}.${part}`), undefined);
  });

  test("four large chunks fit in one commit; more than 4 MB are a defect", async () => {
    const chunks = (count: number): Write[] =>
      Array.from({ length: count }, (_, index) => ({
        op: "put",
        kind: "bodyChunks",
        id: `large.${index}`,
        value: { messageId: "msg_1", index, text: "x".repeat(850_000), createdAtMs: 1 },
      }));
    await done(records(), ...chunks(4));
    assert.equal((await records().get("bodyChunks", "large.3"))?.value.text.length, 850_000);
    await assert.rejects(records().commit(chunks(5)), RangeError);
  });

  test("a record is kept until its time of erasure", async () => {
    const eraseAtMs = Date.parse("2999-01-01T00:00:00Z");
    const entry = { createdAtMs: 1, actor: "a", action: "b", target: "c", detail: {}, eraseAtMs };
    await done(records(), { op: "create", kind: "audit", id: "later", value: entry });
    assert.deepEqual((await records().get("audit", "later"))?.value, entry);
  });
};

interface AnyShape {
  readonly kind: RecordKind;
  readonly equal: readonly string[];
  readonly contains?: string;
  readonly upTo?: true;
  readonly order: readonly [string, "asc" | "desc"];
  readonly shards?: ShardField;
}
interface AnyPage {
  readonly limit: number;
  readonly cursor?: string | null;
  readonly part?: Part | undefined;
}
type AnyQuery = (args: object, page: AnyPage) => ReturnType<Records["query"]>;

/** Tests a query on records that match it, and on others that each differ in one condition. */
const querying = (name: QueryName, open: () => Promise<OpenedRecords>): void => {
  const { kind, equal, contains, upTo, order, shards }: AnyShape = QUERIES[name];
  const [field, direction] = order;
  const args = {
    ...Object.fromEntries([...equal, ...(contains === undefined ? [] : [contains])].map((key) => [key, `is ${key}`])),
    ...(upTo === undefined ? {} : { upTo: 30 }),
  };
  const record = (fields: object) => ({
    ...Object.fromEntries(equal.map((key) => [key, `is ${key}`])),
    ...(contains === undefined ? {} : { [contains]: ["another", `is ${contains}`, `is ${contains}`] }),
    ...fields,
  });
  const matching: readonly (readonly [id: string, at: number])[] = [
    ["m", 20],
    ["Z", 20],
    ["a", 30],
    ["z", 10],
    ["b", 20],
  ];
  const missing: readonly object[] = [
    ...equal.map((key) => record({ [field]: 20, [key]: "another" })),
    ...(contains === undefined ? [] : [record({ [field]: 20, [contains]: ["another"] })]),
    ...(contains === undefined ? [] : [record({ [field]: 20, [contains]: [] })]),
    ...(upTo === undefined ? [] : [record({ [field]: 31 }), record({ [field]: null }), record({})]),
  ];
  const expected = [...matching]
    .sort(([idA, a], [idB, b]) => (a - b || (idA < idB ? -1 : 1)) * (direction === "asc" ? 1 : -1))
    .map(([id]) => id);

  describe(name, () => {
    let store: OpenedRecords;
    let query: AnyQuery;
    // Field by field, as the table of queries says; these need not be whole records of their kind.
    const put = (id: string, value: object): Promise<readonly string[]> =>
      done(store.records, { op: "put", kind, id, value } as Write);
    before(async () => {
      store = await open();
      query = (given, page) => store.records.query(name, given as never, page as never);
      for (const [id, at] of matching) await put(id, record({ [field]: at }));
      for (const [at, value] of missing.entries()) await put(`missing-${at}`, value);
    });
    after(() => store.close());

    const walk = async (limit: number, part?: Part): Promise<string[]> => {
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const page = await query(args, { limit, cursor, part });
        assert.ok(page !== "bad_cursor");
        assert.ok(page.items.length <= limit);
        seen.push(...page.items.map(({ id }) => id));
        cursor = page.next;
      } while (cursor !== null);
      return seen;
    };

    test("finds exactly the matching records, in order, with ties by id", async () => {
      const page = await query(args, { limit: 50 });
      assert.ok(page !== "bad_cursor");
      assert.deepEqual(
        page.items.map(({ id }) => id),
        expected,
      );
      assert.equal(page.next, null);
      const first = page.items[0];
      assert.deepEqual(first, await store.records.get(kind, expected[0] ?? ""), "as `get` reads it");
    });

    test("pages of any size neither skip nor repeat records, even with ties", async () => {
      for (const limit of [1, 2, 3, 5]) assert.deepEqual(await walk(limit), expected, `by ${limit}`);
    });

    if (shards !== undefined)
      test("parts of the shards share out what is found, each in order", async () => {
        for (const parts of [1, 3, 8, 48]) {
          const partOf = (id: string): number => shardOf(shards, id) % parts;
          const holding = new Set(expected.map(partOf));
          const all = Array.from({ length: parts }, (_, at) => at);
          // A few of those in which nothing is: each query costs Firestore's emulator 10 ms of processor time.
          const empty = all.filter((at) => !holding.has(at)).slice(0, 3);
          for (const at of [...holding, ...empty]) {
            const mine = expected.filter((id) => partOf(id) === at);
            assert.deepEqual(await walk(1, { at, of: parts }), mine, `${at} of ${parts}`);
          }
        }
      });

    test("a record that no longer matches is not found, and one that starts to match is", async () => {
      const moved = expected[1] ?? "";
      const original = await store.records.get(kind, moved);
      for (const value of missing) {
        await put(moved, value);
        assert.deepEqual(
          await walk(50),
          expected.filter((id) => id !== moved),
        );
        await done(store.records, { op: "put", kind, id: moved, value: original?.value } as Write);
        assert.deepEqual(await walk(50), expected);
      }
    });

    test("an altered cursor, or one of another query, is a bad cursor", async () => {
      const page = await query(args, { limit: 2 });
      assert.ok(page !== "bad_cursor" && page.next !== null);
      const foreign = Buffer.from(JSON.stringify(["x", 1, "a"])).toString("base64url");
      for (const cursor of ["", "x", "%%", "bnVsbA", foreign, page.next.slice(4)]) {
        assert.equal(await query(args, { limit: 2, cursor }), "bad_cursor", cursor);
      }
      const otherName = name === "keysByAge" ? "auditNewest" : "keysByAge";
      assert.equal(await store.records.query(otherName, {}, { limit: 2, cursor: page.next }), "bad_cursor");
      for (const key of equal) {
        assert.equal(await query({ ...args, [key]: "another" }, { limit: 2, cursor: page.next }), "bad_cursor");
      }
    });

    test("writing or deleting a record between pages neither skips nor repeats another", async () => {
      const page = await query(args, { limit: 2 });
      assert.ok(page !== "bad_cursor");
      const ahead = direction === "asc" ? 5 : 30;
      await put("zz-newcomer", record({ [field]: ahead }));
      await done(store.records, { op: "delete", kind, id: expected[0] ?? "" });
      const rest = await query(args, { limit: 50, cursor: page.next });
      assert.ok(rest !== "bad_cursor");
      assert.deepEqual(
        rest.items.map(({ id }) => id),
        expected.slice(2),
      );
      await done(store.records, { op: "delete", kind, id: "zz-newcomer" });
      const again = await query(args, { limit: 50 });
      assert.ok(again !== "bad_cursor");
      assert.deepEqual(
        again.items.map(({ id }) => id),
        expected.slice(1),
        "what was deleted is not found",
      );
    });
  });
};
