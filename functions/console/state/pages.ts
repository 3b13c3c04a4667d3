import { useRef, useState } from "preact/hooks";
import type { ApiFailure, ApiResult } from "../api/failure.ts";
import type { Listing } from "../api/types.ts";
import { type RemoteHandle, useRemote } from "./remote.ts";

interface More<T> {
  readonly items: readonly T[];
  readonly next: string | null;
  /** How many pages without an item have come in a row. */
  readonly barren: number;
}

/** Then a person must ask for each further page: a rare filter must not read the whole store by itself. */
const MOST_BARREN = 5;

export interface Paged<T> {
  /** The first page, kept fresh. */
  readonly first: RemoteHandle<Listing<T>>;
  /** Everything read so far, newest first, each record once. */
  readonly all: (firstPage: Listing<T>) => readonly T[];
  readonly next: (firstPage: Listing<T>) => string | null;
  readonly loadMore: (cursor: string) => Promise<void>;
  /** Whether the next page may be read without anyone asking for it. */
  readonly readsOn: boolean;
  /** Reads everything again, after a change that may concern any page. */
  readonly reload: () => Promise<void>;
  readonly busy: boolean;
  readonly failure: ApiFailure | null;
}

/** A list by cursor: the first page polls, and later pages are read once. `idOf` keeps a record from showing twice. */
export const usePaged = <T>(
  key: string,
  load: (cursor: string | undefined, signal?: AbortSignal) => Promise<ApiResult<Listing<T>>>,
  idOf: (item: T) => string,
): Paged<T> => {
  const first = useRemote(key, (signal) => load(undefined, signal), { everyMs: 10_000 });
  const [stored, setStored] = useState<{ readonly key: string; readonly more: More<T> | null }>({ key, more: null });
  const [state, setState] = useState<{ busy: boolean; failure: ApiFailure | null }>({ busy: false, failure: null });
  /** The load under way. A render may come later than the next call, so `busy` is not enough to tell. */
  const loading = useRef<object | null>(null);
  const current = useRef(key);
  current.current = key;
  const more = stored.key === key ? stored.more : null;

  const loadMore = async (cursor: string): Promise<void> => {
    if (loading.current !== null) return;
    const mine = {};
    loading.current = mine;
    setState({ busy: true, failure: null });
    const result = await load(cursor);
    // The list may have been read again meanwhile.
    if (loading.current !== mine) return;
    loading.current = null;
    setState({ busy: false, failure: result.ok ? null : result.failure });
    // The filter may have changed while this page was loading.
    if (!result.ok || current.current !== key) return;
    const { items, next } = result.value;
    const barren = items.length > 0 ? 0 : (more?.barren ?? 0) + 1;
    setStored({ key, more: { items: [...(more?.items ?? []), ...items], next, barren } });
  };

  const reload = async (): Promise<void> => {
    loading.current = null;
    setState({ busy: false, failure: null });
    setStored({ key, more: null });
    await first.reload();
  };

  const all = (firstPage: Listing<T>): readonly T[] => {
    const seen = new Set(firstPage.items.map(idOf));
    return [...firstPage.items, ...(more?.items ?? []).filter((item) => !seen.has(idOf(item)))];
  };

  const next = (page: Listing<T>): string | null => (more === null ? page.next : more.next);
  return { first, all, next, loadMore, readsOn: (more?.barren ?? 0) < MOST_BARREN, reload, ...state };
};
