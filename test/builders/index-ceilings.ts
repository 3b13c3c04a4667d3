import assert from "node:assert/strict";
import { HOUR, SECOND } from "../../functions/domain/clock.ts";
import { deliverMessage } from "../../functions/domain/messages/deliver/deliver.ts";
import { QUERIES, type QueryName, type QueryShape } from "../../functions/domain/queries.ts";
import type { Records } from "../../functions/domain/records.ts";
import { SHARDS } from "../../functions/domain/shards.ts";
import { acceptsAll, delivery } from "./delivery.ts";
import { testStore } from "./store.ts";

/**
 * How many writes a second an index takes where its values grow with time
 * (firebase.google.com/docs/firestore/solutions/shard-timestamp).
 */
const WRITES_A_SECOND = 500;
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

export interface IndexCeiling {
  readonly name: QueryName;
  /** How often a mail writes to the busiest range of the index. */
  readonly writes: number;
  /** Whether each server has a range of its own. */
  readonly ofOneServer: boolean;
  readonly shards: number;
  /** Mails a second. */
  readonly ceiling: number;
}

/** How many mails a second each index takes, by the writes of real mails. */
export const indexCeilings = async (): Promise<readonly IndexCeiling[]> => {
  const perMail = await writesAMail();
  return (Object.keys(QUERIES) as readonly QueryName[]).map((name) => {
    const { equal, shards: field }: QueryShape = QUERIES[name];
    const shards = field === undefined ? 1 : SHARDS[field];
    const writes = perMail(name);
    const ofOneServer = equal.some((one) => one === "serverId" || one === "scope");
    return { name, writes, ofOneServer, shards, ceiling: (WRITES_A_SECOND * shards) / writes };
  });
};
