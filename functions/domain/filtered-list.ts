import { encodeCursor } from "./page-cursor.ts";
import type { QueryArguments, QueryKind, QueryName } from "./queries.ts";
import type { RecordKinds } from "./record-kinds.ts";
import type { Page, Records, Versioned } from "./records.ts";

/** Queries that list records by the time of their creation, newest first. */
type NewestFirst = Extract<QueryName, `messages${string}` | `audit${string}` | "sessionsByAge">;

interface Listed {
  readonly createdAtMs: number;
}

export interface PageWanted {
  readonly limit: number;
  readonly cursor: string | null;
}

export type Found<T> = Page<T> | "bad_cursor";

/** One query with its arguments: it reads a page and makes the cursor that continues after a record. */
export interface Source<T> {
  readonly read: (page: PageWanted) => Promise<Found<T>>;
  readonly cursorAfter: (record: Versioned<T>) => string;
  /** The cursor that starts with the records made before this time. */
  readonly cursorBefore: (beforeMs: number) => string;
}

/** The id of no record, before those of all: in a list by time, newest first, it stands behind all of that time. */
const BEHIND_ALL = "-";

export const sourceOf = <Q extends NewestFirst>(
  records: Records,
  name: Q,
  args: QueryArguments<Q>,
): Source<RecordKinds[QueryKind<Q>]> => {
  const cursorAt = (orderValue: number, id: string): string => encodeCursor(name, args, { orderValue, id });
  return {
    read: (page) => records.query(name, args, page),
    cursorAfter: ({ id, value }) => cursorAt(value.createdAtMs, id),
    cursorBefore: (beforeMs) => cursorAt(beforeMs, BEHIND_ALL),
  };
};

/** Ends a source with the records made at `afterMs`. */
const endingAt = <T extends Listed>(source: Source<T>, afterMs: number | null): Source<T> => ({
  ...source,
  read: async (page) => {
    const found = await source.read(page);
    if (found === "bad_cursor" || afterMs === null) return found;
    const items = found.items.filter(({ value }) => value.createdAtMs >= afterMs);
    return { items, next: items.length < found.items.length ? null : found.next };
  },
});

/** The least number of records in one read: rare matches would hardly turn up in shorter pages. */
const LEAST_PAGE = 50;
/** The most pages that one request reads while nothing matches; the caller goes on with `next`. */
const MOST_PAGES = 20;
/** The most pages once something matches: each page costs a query, and the console polls every few seconds. */
const ENOUGH_PAGES = 4;

/** Reads up to `limit` records that pass `keep`. An answer may hold fewer and still have a `next`. */
const filterPages = async <T>(
  source: Source<T>,
  keep: (value: T) => boolean,
  { limit, cursor: start }: PageWanted,
): Promise<Found<T>> => {
  const items: Versioned<T>[] = [];
  let cursor = start;
  for (let pages = 1; ; pages += 1) {
    const found = await source.read({ limit: Math.max(limit, LEAST_PAGE), cursor });
    if (found === "bad_cursor") return found;
    items.push(...found.items.filter(({ value }) => keep(value)));
    const last = items[limit - 1];
    const isMore = items.length > limit || found.next !== null;
    if (last !== undefined) return { items: items.slice(0, limit), next: isMore ? source.cursorAfter(last) : null };
    const most = items.length > 0 ? ENOUGH_PAGES : MOST_PAGES;
    if (found.next === null || pages >= most) return { items, next: found.next };
    cursor = found.next;
  }
};

/** Made at this time or later, and before that time; null does not narrow. */
export interface Period {
  readonly afterMs: number | null;
  readonly beforeMs: number | null;
}

/** Lists what a source finds within a period and `keep` lets pass. Throws `Unavailable`. */
export const listWithin = <T extends Listed>(
  source: Source<T>,
  { period: { afterMs, beforeMs }, keep }: { readonly period: Period; readonly keep: (value: T) => boolean },
  page: PageWanted,
): Promise<Found<T>> => {
  const isWanted = (value: T): boolean => (beforeMs === null || value.createdAtMs < beforeMs) && keep(value);
  const cursor = page.cursor ?? (beforeMs === null ? null : source.cursorBefore(beforeMs));
  return filterPages(endingAt(source, afterMs), isWanted, { ...page, cursor });
};
