import { useRef, useState } from "preact/hooks";
import type { ApiFailure, ApiResult } from "../api/failure.ts";
import type { Listing } from "../api/types.ts";
import { type RemoteHandle, useRemote } from "./remote.ts";

interface More<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

export interface Paged<T> {
  /** The first page, kept fresh. */
  readonly first: RemoteHandle<Listing<T>>;
  /** Everything read so far, newest first, each record once. */
  readonly all: (firstPage: Listing<T>) => readonly T[];
  readonly next: (firstPage: Listing<T>) => string | null;
  readonly loadMore: (cursor: string) => Promise<void>;
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
  const current = useRef(key);
  current.current = key;
  const more = stored.key === key ? stored.more : null;

  const loadMore = async (cursor: string): Promise<void> => {
    if (state.busy) return;
    setState({ busy: true, failure: null });
    const result = await load(cursor);
    setState({ busy: false, failure: result.ok ? null : result.failure });
    // The filter may have changed while this page was loading.
    if (!result.ok || current.current !== key) return;
    setStored({ key, more: { items: [...(more?.items ?? []), ...result.value.items], next: result.value.next } });
  };

  const all = (firstPage: Listing<T>): readonly T[] => {
    const seen = new Set(firstPage.items.map(idOf));
    return [...firstPage.items, ...(more?.items ?? []).filter((item) => !seen.has(idOf(item)))];
  };

  return { first, all, next: (page) => (more === null ? page.next : more.next), loadMore, ...state };
};
