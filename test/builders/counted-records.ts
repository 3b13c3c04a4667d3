import type { Records } from "../../functions/domain/records.ts";

/** What a store was asked, as Firestore counts it. */
export interface StoreCounts {
  reads: number;
  writes: number;
}

export const NO_COUNTS: Readonly<StoreCounts> = { reads: 0, writes: 0 };

/** The store, with each call counted. */
export const counting = (records: Records, counts: StoreCounts): Records => ({
  get: (kind, id) => {
    counts.reads += 1;
    return records.get(kind, id);
  },
  commit: (writes) => {
    counts.writes += writes.length;
    return records.commit(writes);
  },
  query: async (...query) => {
    const page = await records.query(...query);
    // A page costs at least one read, and one more record than it holds if there is another page.
    if (page !== "bad_cursor") counts.reads += Math.max(1, page.items.length + (page.next === null ? 0 : 1));
    return page;
  },
});
