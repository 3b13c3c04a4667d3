import type { Log } from "./log.ts";
import { type PageOf, QUERIES, type QueryArguments, type QueryKind, type QueryName } from "./queries.ts";
import type { RecordKind, RecordKinds } from "./record-kinds.ts";
import { isOfLaterVersion } from "./record-version.ts";
import type { Records, Versioned, Write } from "./records.ts";

/** Whether this release knows the status, state or kind of a record, by kind of record; absent if it has none. */
export type Understands = { readonly [K in RecordKind]?: (value: RecordKinds[K]) => boolean };

/** A version with this prefix matches none that a store gives out. */
const LOCK_PREFIX = "left alone: ";

const isDueQuery = (name: QueryName): boolean => "upTo" in QUERIES[name];

const isLocked = (write: Write): boolean =>
  (write.op === "replace" || write.op === "delete") && write.version?.startsWith(LOCK_PREFIX) === true;

/**
 * Wraps the store so that this release can share it with a later one, during a roll-out or after a roll-back. A record
 * that this release does not understand can be read, but no conditional write to it succeeds and no query for due
 * records finds it. Functions that act outside the store first (on Google, the vault) must check by themselves.
 */
export const leavingLaterAlone = (
  records: Records,
  { log, understands }: { readonly log: Log; readonly understands: Understands },
): Records => {
  const isUnderstood = <K extends RecordKind>(kind: K, value: RecordKinds[K]): boolean =>
    !isOfLaterVersion(kind, value) && (understands[kind]?.(value) ?? true);
  const locked = <K extends RecordKind>(kind: K, record: Versioned<RecordKinds[K]>): Versioned<RecordKinds[K]> =>
    isUnderstood(kind, record.value) ? record : { ...record, version: LOCK_PREFIX + record.version };
  return {
    get: async (kind, id) => {
      const found = await records.get(kind, id);
      return found === undefined ? undefined : locked(kind, found);
    },
    commit: async (writes, options) => {
      const at = writes.findIndex(isLocked);
      return at === -1 ? records.commit(writes, options) : { done: false, at };
    },
    query: async <Q extends QueryName>(name: Q, args: QueryArguments<Q>, page: PageOf<Q>) => {
      const found = await records.query(name, args, page);
      if (found === "bad_cursor") return found;
      const kind: QueryKind<Q> = QUERIES[name].kind;
      const items = found.items.map((record) => locked(kind, record));
      if (!isDueQuery(name)) return { items, next: found.next };
      const mine = items.filter(({ version }) => !version.startsWith(LOCK_PREFIX));
      const [first] = items.filter(({ version }) => version.startsWith(LOCK_PREFIX));
      // One log line per page, not per record: many records may stay due for a long time.
      if (first !== undefined)
        log.warn("later_records_left", { kind, count: items.length - mine.length, id: first.id });
      return { items: mine, next: found.next };
    },
  };
};
