import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { ApiFailure, ApiResult } from "../api/failure.ts";

/** What we know of something that the API holds. */
export type Remote<T> =
  | { readonly phase: "loading" }
  | { readonly phase: "failed"; readonly failure: ApiFailure }
  /** `trouble` is set if the last read failed, so `value` may be out of date. */
  | { readonly phase: "ready"; readonly value: T; readonly trouble: ApiFailure | null };

export interface RemoteHandle<T> {
  readonly remote: Remote<T>;
  readonly reload: () => Promise<void>;
  /** Stores the value that a change returned, without reading it again. */
  readonly put: (value: T) => void;
}

/** Sooner than the next regular read: by then, a brief network outage is over. */
const RETRY_AFTER_FAILURE_MS = 4_000;

interface Options {
  /** Reads again this long after the last read, while the page is visible; 0 means never. */
  readonly everyMs?: number;
  /** Counts actions that may have changed the value: each one triggers a read. */
  readonly after?: number;
}

const nextState = <T>(before: Remote<T>, result: ApiResult<T>): Remote<T> => {
  if (result.ok) return { phase: "ready", value: result.value, trouble: null };
  if (result.failure.kind === "aborted") return before;
  // A deleted record must disappear; after any other failure, keep the last value and mark it as old.
  const gone = result.failure.kind === "problem" && [403, 404].includes(result.failure.problem.status);
  return before.phase === "ready" && !gone
    ? { ...before, trouble: result.failure }
    : { phase: "failed", failure: result.failure };
};

/** Reads a value and keeps it fresh while the page is visible. `key` names it: a new key starts over. */
export const useRemote = <T>(
  key: string,
  load: (signal: AbortSignal) => Promise<ApiResult<T>>,
  { everyMs = 0, after = 0 }: Options = {},
): RemoteHandle<T> => {
  const [stored, setStored] = useState<{ readonly key: string; readonly remote: Remote<T> }>({
    key,
    remote: { phase: "loading" },
  });
  const latest = useRef(load);
  latest.current = load;
  const turn = useRef(0);
  const abort = useRef<AbortController | null>(null);

  const read = useCallback(async (): Promise<boolean> => {
    abort.current?.abort();
    const mine = new AbortController();
    abort.current = mine;
    turn.current += 1;
    const myTurn = turn.current;
    const result = await latest.current(mine.signal);
    // A later read or a change has overtaken this one.
    if (myTurn !== turn.current) return true;
    setStored((before) => ({
      key,
      remote: nextState(before.key === key ? before.remote : { phase: "loading" }, result),
    }));
    return result.ok;
  }, [key]);

  const readNow = useRef<() => Promise<void>>(async () => {});
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let ended = false;
    const go = async () => {
      clearTimeout(timer);
      const succeeded = await read();
      if (ended || everyMs === 0) return;
      clearTimeout(timer);
      timer = setTimeout(tick, succeeded ? everyMs : Math.min(everyMs, RETRY_AFTER_FAILURE_MS));
    };
    const tick = () => {
      if (document.visibilityState === "visible") void go();
    };
    readNow.current = go;
    void go();
    if (everyMs > 0) document.addEventListener("visibilitychange", tick);
    return () => {
      ended = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", tick);
      turn.current += 1;
      abort.current?.abort();
    };
  }, [read, everyMs]);
  const reload = useCallback(() => readNow.current(), []);
  useEffect(() => {
    if (after > 0) void reload();
  }, [after, reload]);

  const put = useCallback(
    (value: T) => {
      turn.current += 1;
      setStored({ key, remote: { phase: "ready", value, trouble: null } });
    },
    [key],
  );

  return { remote: stored.key === key ? stored.remote : { phase: "loading" }, reload, put };
};
