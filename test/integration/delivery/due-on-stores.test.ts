import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { openDatabase } from "../../../functions/adapters/firestore/database.ts";
import { firestoreRecords } from "../../../functions/adapters/firestore/firestore-records.ts";
import { type GoogleCalls, googleCalls } from "../../../functions/adapters/google-cloud/google-calls.ts";
import { PARTS } from "../../../functions/domain/messages/due/fan-out.ts";
import type { Records } from "../../../functions/domain/records.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";
import { counting, NO_COUNTS, type StoreCounts } from "../../builders/counted-records.ts";
import { dispatchDueMessages } from "../../builders/due-messages.ts";
import { type Emulators, emulatorsMissing, testProject, useEmulators } from "../../builders/emulators.ts";
import { testRandom, testStore } from "../../builders/store.ts";

/** What is dispatched in two runs, and what checks that the second costs no more than it has messages more. */
interface Sizes {
  readonly counts: readonly [few: number, many: number];
  readonly servers: number;
  readonly mostAlone?: number;
}

const LARGE: Sizes = { counts: [550, 850], servers: 10 };
/** For each query, the emulator sorts all documents of the collection for each shard. */
const SMALL: Sizes = { counts: [160, 310], servers: 4, mostAlone: 100 };

const checkLinear = async (
  { counts: [few, many], servers, mostAlone }: Sizes,
  open: (counts: StoreCounts) => Records,
): Promise<void> => {
  const costOf = async (count: number): Promise<StoreCounts> => {
    const counts = { ...NO_COUNTS };
    const ready = () => void Object.assign(counts, NO_COUNTS);
    const due = { count, servers, mostAlone, ready };
    const { sent, publications, pushes } = await dispatchDueMessages(open(counts), due);
    assert.deepEqual({ sent, pushes, publications }, { sent: count, pushes: PARTS, publications: count + PARTS });
    assert.equal(counts.writes, count);
    return counts;
  };
  const less = await costOf(few);
  const reads = (await costOf(many)).reads - less.reads;
  // Each run reads each server at most once, and the tick looks at one more page, for which Firestore has two queries.
  const most = 1.1 * (many - few) + (PARTS + 1) * servers + 2 * 51;
  assert.ok(reads <= most, `${reads} reads for ${many - few} messages more`);
};

describe("what is due, divided into parts, costs as much per message however many there are", () => {
  test("on SQLite", async () => {
    const stores: { close(): void }[] = [];
    await checkLinear(LARGE, (counts) => {
      const store = testStore();
      stores.push(store);
      return counting(store.records, counts);
    });
    for (const store of stores) store.close();
  });

  describe("on Firestore's emulator", { skip: emulatorsMissing() }, () => {
    let emulators: Emulators;
    before(async () => {
      emulators = await useEmulators();
    });
    after(() => emulators.stop());

    test("counted by the documents that it answers", { timeout: 480_000 }, async () => {
      await checkLinear(SMALL, (counts) => {
        const asked = googleCalls({ clock: systemClock(), random: testRandom });
        const calls: GoogleCalls = async (call, ...expected) => {
          const answer = await asked(call, ...expected);
          const value: { readonly docs?: readonly unknown[] } = "value" in answer ? Object(answer.value) : {};
          // A query that finds nothing costs a read, too.
          if (call.act === "query records") counts.reads += Math.max(1, value.docs?.length ?? 0);
          if (call.act === "read a record") counts.reads += 1;
          return answer;
        };
        const database = openDatabase(testProject(), emulators.firestoreHost);
        const records = firestoreRecords({ calls, random: testRandom, database });
        const commit: Records["commit"] = (writes) => {
          counts.writes += writes.length;
          return records.commit(writes);
        };
        return { ...records, commit };
      });
    });
  });
});
