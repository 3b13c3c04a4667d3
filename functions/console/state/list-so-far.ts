import type { Listing } from "../api/types.ts";

/** What has been read of a list by cursor, newest first. */
export interface ListSoFar<T> {
  readonly items: readonly T[];
  readonly next: string | null;
  /** The number of the first item. An item keeps its number while others arrive above it, so it may be negative. */
  readonly startsAt: number;
  /** How many pages without an item have come in a row. */
  readonly barren: number;
}

export const startOf = <T>({ items, next }: Listing<T>): ListSoFar<T> => ({ items, next, startsAt: 0, barren: 0 });

/** The list with the page that follows it. */
export const withMore = <T>(list: ListSoFar<T>, page: Listing<T>): ListSoFar<T> => ({
  ...list,
  items: [...list.items, ...page.items],
  next: page.next,
  barren: page.items.length > 0 ? 0 : list.barren + 1,
});

/**
 * The list after its first page was read again. What was known below the last known item of that page stays, although
 * new items have moved some of it off the page. If the page holds nothing that is known, the list starts over.
 */
export const withFirst = <T>(list: ListSoFar<T>, page: Listing<T>, idOf: (item: T) => string): ListSoFar<T> => {
  if (page.next === null) return startOf(page);
  if (page.items.length === 0) return list;
  const onPage = new Set(page.items.map(idOf));
  const below = list.items.findLastIndex((item) => onPage.has(idOf(item))) + 1;
  if (below === 0) return startOf(page);
  return {
    ...list,
    items: [...page.items, ...list.items.slice(below)],
    startsAt: list.startsAt + below - page.items.length,
  };
};
