import type { Log } from "./log.ts";
import { QUERIES, type QueryArguments, type QueryKind, type QueryName } from "./queries.ts";
import type { RecordKind, RecordKinds } from "./record-kinds.ts";
import { isOfLaterVersion } from "./record-version.ts";
import type { Records, Versioned, Write } from "./records.ts";

/**
 * Per kind of record: does this release know the status, state or kind that the record is in? A kind that is not named
 * has none.
 */
export type Understands = { readonly [K in RecordKind]?: (value: RecordKinds[K]) => boolean };

/** Begins a version that no store gives out. */
const LEFT_ALONE = "left alone: ";

const isDueQuery = (name: QueryName): boolean => "upTo" in QUERIES[name];

const isLocked = (write: Write): boolean =>
  (write.op === "replace" || write.op === "delete") && write.version?.startsWith(LEFT_ALONE) === true;

/**
 * * The store as this release may use it beside a later one, which runs at the same time during a roll-out and has run
 * before a roll-back. A record that this release does not understand can be read and shown, but no write on condition
 * of its version succeeds, and no query for what is due finds it. So every function leaves it alone, whether or not it
 * looks; those that would act on something else first (Google, the vault) must look themselves.
 */
export const leavingLaterAlone = (
  records: Records,
  { log, understands }: { readonly log: Log; readonly understands: Understands },
): Records => {
  const isUnderstood = <K extends RecordKind>(kind: K, value: RecordKinds[K]): boolean =>
    !isOfLaterVersion(kind, value) && (understands[kind]?.(value) ?? true);
  const locked = <K extends RecordKind>(kind: K, record: Versioned<RecordKinds[K]>): Versioned<RecordKinds[K]> =>
    isUnderstood(kind, record.value) ? record : { ...record, version: LEFT_ALONE + record.version };
  return {
    get: async (kind, id) => {
      const found = await records.get(kind, id);
      return found === undefined ? undefined : locked(kind, found);
    },
    commit: async (writes) => {
      const at = writes.findIndex(isLocked);
      return at === -1 ? records.commit(writes) : { done: false, at };
    },
    query: async <Q extends QueryName>(
      name: Q,
      args: QueryArguments<Q>,
      page: { readonly limit: number; readonly cursor?: string | null },
    ) => {
      const found = await records.query(name, args, page);
      if (found === "bad_cursor") return found;
      const kind: QueryKind<Q> = QUERIES[name].kind;
      const items = found.items.map((record) => locked(kind, record));
      if (!isDueQuery(name)) return { items, next: found.next };
      const mine = items.filter(({ version }) => !version.startsWith(LEFT_ALONE));
      const [first] = items.filter(({ version }) => version.startsWith(LEFT_ALONE));
      // One line for each page that is looked at, not one for each record: many may be due for a long while.
      if (first !== undefined)
        log.warn("later_records_left", { kind, count: items.length - mine.length, id: first.id });
      return { items: mine, next: found.next };
    },
  };
};
