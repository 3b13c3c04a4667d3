import { useRef, useState } from "preact/hooks";
import type { ApiFailure, ApiResult } from "../api/failure.ts";
import type { Listing } from "../api/types.ts";
import { type ListSoFar, startOf, withFirst, withMore } from "./list-so-far.ts";
import { type RemoteHandle, useRemote } from "./remote.ts";

/** Then a person must ask for each further page: a rare filter must not read the whole store by itself. */
const MOST_BARREN = 5;

export interface Paged<T> {
  /** The first page, kept fresh. */
  readonly first: RemoteHandle<Listing<T>>;
  /** Everything read so far; null until the first page is there. */
  readonly list: ListSoFar<T> | null;
  readonly loadMore: (cursor: string) => Promise<void>;
  /** Whether the next page may be read without anyone asking for it. */
  readonly readsOn: boolean;
  /** Reads everything again, after a change that may concern any page. */
  readonly reload: () => Promise<void>;
  readonly busy: boolean;
  readonly failure: ApiFailure | null;
}

interface Known<T> {
  readonly key: string;
  /** The first page that `list` starts with. */
  readonly page: Listing<T>;
  readonly list: ListSoFar<T>;
}

/** A list by cursor: the first page polls, and later pages are read once. `idOf` tells records apart. */
export const usePaged = <T>(
  key: string,
  load: (cursor: string | undefined, signal?: AbortSignal) => Promise<ApiResult<Listing<T>>>,
  idOf: (item: T) => string,
): Paged<T> => {
  const first = useRemote(key, (signal) => load(undefined, signal), { everyMs: 10_000 });
  const [state, setState] = useState<{ busy: boolean; failure: ApiFailure | null }>({ busy: false, failure: null });
  /** The load under way. A render may come later than the next call, so `busy` is not enough to tell. */
  const loading = useRef<object | null>(null);
  const known = useRef<Known<T> | null>(null);
  if (known.current?.key !== key) known.current = null;
  const page = first.remote.phase === "ready" ? first.remote.value : null;
  if (page !== null && known.current?.page !== page) {
    const list = known.current === null ? startOf(page) : withFirst(known.current.list, page, idOf);
    known.current = { key, page, list };
  }

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
    const now = known.current;
    // The filter may have changed while this page was loading, or the list may have started over.
    if (!result.ok || now?.key !== key || now.list.next !== cursor) return;
    known.current = { ...now, list: withMore(now.list, result.value) };
  };

  const reload = async (): Promise<void> => {
    loading.current = null;
    setState({ busy: false, failure: null });
    known.current = null;
    await first.reload();
  };

  const list = known.current?.list ?? null;
  return { first, list, loadMore, readsOn: (list?.barren ?? 0) < MOST_BARREN, reload, ...state };
};
