import type { ApiResult } from "../api/failure.ts";
import type { Listing } from "../api/types.ts";

/** The largest page that the API gives. */
const PAGE_SIZE = 200;

export interface PageAsked {
  readonly limit: number;
  readonly cursor?: string;
}

export type ReadPage<T> = (page: PageAsked) => Promise<ApiResult<Listing<T>>>;

/** The newest of a list by cursor. */
export interface ReadSoFar<T> {
  readonly items: readonly T[];
  /** Older ones were left out. */
  readonly isCut: boolean;
}

interface Bounds {
  /** Reads no further once it has that many. */
  readonly most: number;
  readonly onRead: (count: number) => void;
}

/** Reads a list page by page. */
export const readAll = async <T>(readPage: ReadPage<T>, { most, onRead }: Bounds): Promise<ApiResult<ReadSoFar<T>>> => {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await readPage({ limit: PAGE_SIZE, ...(cursor !== undefined && { cursor }) });
    if (!page.ok) return page;
    items.push(...page.value.items);
    onRead(items.length);
    cursor = page.value.next ?? undefined;
  } while (cursor !== undefined && items.length < most);
  return { ok: true, value: { items, isCut: cursor !== undefined } };
};
