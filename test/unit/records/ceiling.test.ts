import assert from "node:assert/strict";
import { test } from "node:test";
import { HOUR, SECOND } from "../../../functions/domain/clock.ts";
import { deliverMessage } from "../../../functions/domain/messages/deliver/deliver.ts";
import { QUERIES, type QueryName, type QueryShape } from "../../../functions/domain/queries.ts";
import type { Records } from "../../../functions/domain/records.ts";
import { SHARDS, shardOf } from "../../../functions/domain/shards.ts";
import { acceptsAll, delivery } from "../../builders/delivery.ts";
import { testStore } from "../../builders/store.ts";

/**
 * How many writes a second an index takes where its values grow with time
 * (firebase.google.com/docs/firestore/solutions/shard-timestamp).
 */
const WRITES_A_SECOND = 500;
const LEAST_CEILING = 5_000;
const MAILS = 3;

type Fields = Readonly<Record<string, unknown>>;

/** The places of a record in a query's index: those of different `range` do not lie next to each other. */
const entriesOf = ({ equal, contains, order: [field] }: QueryShape, record: Fields | undefined): readonly string[] => {
  if (record === undefined || record[field] === undefined || record[field] === null) return [];
  const members = contains === undefined ? [null] : ((record[contains] as readonly string[] | undefined) ?? []);
  return members.map((member) => JSON.stringify([...equal.map((name) => record[name]), member, record[field]]));
};

const rangeOf = (entry: string): string => JSON.stringify(JSON.parse(entry).slice(0, -1));

/** Counts the writes that change entries of each query's index, in its busiest range. */
const watchEntries = (records: Records) => {
  const stored = new Map<string, Fields>();
  const writes = new Map<QueryName, Map<string, number>>();
  const note = (name: QueryName, range: string): void => {
    const ranges = writes.get(name) ?? new Map<string, number>();
    writes.set(name, ranges.set(range, (ranges.get(range) ?? 0) + 1));
  };
  const watched: Records = {
    ...records,
    commit: async (all) => {
      const outcome = await records.commit(all);
      for (const write of outcome.done ? all : []) {
        const key = `${write.kind} ${write.id}`;
        const before = stored.get(key);
        const after = "value" in write ? (write.value as unknown as Fields) : undefined;
        for (const name of Object.keys(QUERIES) as readonly QueryName[]) {
          const shape: QueryShape = QUERIES[name];
          if (shape.kind !== write.kind) continue;
          const [gone, come] = [entriesOf(shape, before), entriesOf(shape, after)];
          const changed = [...gone.filter((one) => !come.includes(one)), ...come.filter((one) => !gone.includes(one))];
          for (const range of new Set(changed.map(rangeOf))) note(name, range);
        }
        if (after === undefined) stored.delete(key);
        else stored.set(key, after);
      }
      return outcome;
    },
  };
  return {
    watched,
    forget: () => writes.clear(),
    busiest: (name: QueryName) => Math.max(0, ...(writes.get(name) ?? new Map()).values()),
  };
};

/** Sends mails an hour apart, so that the hourly writes are counted with each, and returns the writes a mail. */
const writesAMail = async (): Promise<(name: QueryName) => number> => {
  const store = testStore();
  const { watched, forget, busiest } = watchEntries(store.records);
  const stack = await delivery(watched);
  stack.gmail = (...mail) => {
    stack.clock.advance(SECOND);
    return acceptsAll(...mail);
  };
  forget();
  for (let n = 0; n < MAILS; n += 1) {
    const id = `msg_${n}`;
    await stack.accept(id, { searchPrefixes: ["b", "bo", "bon"] });
    await deliverMessage(stack.deps, id);
    assert.equal((await stack.message(id)).status, "sent");
    stack.clock.advance(HOUR);
  }
  store.close();
  return (name) => busiest(name) / MAILS;
};

test("no index keeps an installation below 5,000 mails a second", async () => {
  const perMail = await writesAMail();
  const ceilings = (Object.keys(QUERIES) as readonly QueryName[]).map((name) => {
    const { equal, shards }: QueryShape = QUERIES[name];
    const spread = shards === undefined ? 1 : SHARDS[shards];
    const writes = perMail(name);
    return {
      name,
      writes,
      ofOneServer: equal.some((field) => field === "serverId" || field === "scope"),
      ceiling: (WRITES_A_SECOND * spread) / writes,
    };
  });
  assert.ok(perMail("messagesDue") >= 4, "each move of a mail is written where it is due");
  assert.equal(perMail("messagesNewest"), 1);
  assert.ok(perMail("talliesDue") >= 1);
  // What names a server is bounded by what one account may send: Gmail takes 2,000 mails a day of it.
  const low = ceilings.filter(({ ceiling, ofOneServer }) => !ofOneServer && ceiling < LEAST_CEILING);
  assert.deepEqual(low, []);
  for (const { name, ceiling } of ceilings.filter(({ ofOneServer }) => ofOneServer)) assert.ok(ceiling > 100, name);
});

test("what is due and what a mail does not touch alone may stand in an index without shards", () => {
  const unsharded = (Object.keys(QUERIES) as readonly QueryName[]).filter((name) => {
    const { equal, shards }: QueryShape = QUERIES[name];
    return shards === undefined && !equal.includes("serverId");
  });
  // Written by what people do, once per server and check, or (tallies) per server and hour.
  assert.deepEqual(unsharded, [
    "serversByAge",
    "serversByUsername",
    "serversByAccount",
    "serversDueForCheck",
    "secretSweepsDue",
    "sessionsOfMailbox",
    "sessionsOfAccount",
    "keysByAge",
    "auditNewest",
    "talliesOf",
  ]);
});

for (const field of ["listShard", "dueShard"] as const)
  test(`ids are spread evenly over ${field}`, () => {
    const counts = new Array<number>(SHARDS[field]).fill(0);
    const each = 200;
    for (let n = 0; n < each * counts.length; n += 1) {
      const shard = shardOf(field, `msg_${(n * 2_654_435_761).toString(36)}`);
      counts[shard] = (counts[shard] ?? 0) + 1;
    }
    assert.ok(Math.max(...counts) < 1.4 * each, String(counts));
    assert.ok(Math.min(...counts) > 0.6 * each, String(counts));
  });
