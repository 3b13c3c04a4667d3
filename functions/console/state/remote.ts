import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { ApiFailure, ApiResult } from "../api/failure.ts";

/** What is known of something that the API holds. */
export type Remote<T> =
  | { readonly phase: "loading" }
  | { readonly phase: "failed"; readonly failure: ApiFailure }
  /** `trouble`: the last reading failed, so `value` is older than it should be. */
  | { readonly phase: "ready"; readonly value: T; readonly trouble: ApiFailure | null };

export interface RemoteHandle<T> {
  readonly remote: Remote<T>;
  readonly reload: () => Promise<void>;
  /** Puts in what a change has just answered, without asking again. */
  readonly put: (value: T) => void;
}

/** Sooner than the next regular reading: a network that was away for a moment is back by then. */
const AGAIN_AFTER_FAILURE_MS = 4_000;

interface Options {
  /** Reads again this long after the last reading ended, while the page is visible; 0: never. */
  readonly everyMs?: number;
  /** Counts acts that may have changed it: read again at once after each. */
  readonly after?: number;
}

const settled = <T>(before: Remote<T>, result: ApiResult<T>): Remote<T> => {
  if (result.ok) return { phase: "ready", value: result.value, trouble: null };
  if (result.failure.kind === "aborted") return before;
  // A record that is gone must not go on being shown; any other failure leaves what we had, marked as old.
  const gone = result.failure.kind === "problem" && [403, 404].includes(result.failure.problem.status);
  return before.phase === "ready" && !gone
    ? { ...before, trouble: result.failure }
    : { phase: "failed", failure: result.failure };
};

/**
 * Reads something and keeps it fresh while the page is visible. `key` names what is read: another key starts anew.
 */
export const useRemote = <T>(
  key: string,
  load: (signal: AbortSignal) => Promise<ApiResult<T>>,
  { everyMs = 0, after = 0 }: Options = {},
): RemoteHandle<T> => {
  const [held, setHeld] = useState<{ readonly key: string; readonly remote: Remote<T> }>({
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
    // A later reading or a change has overtaken this one.
    if (myTurn !== turn.current) return true;
    setHeld((before) => ({ key, remote: settled(before.key === key ? before.remote : { phase: "loading" }, result) }));
    return result.ok;
  }, [key]);

  const round = useRef<() => Promise<void>>(async () => {});
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let ended = false;
    const go = async () => {
      clearTimeout(timer);
      const well = await read();
      if (ended || everyMs === 0) return;
      clearTimeout(timer);
      timer = setTimeout(tick, well ? everyMs : Math.min(everyMs, AGAIN_AFTER_FAILURE_MS));
    };
    const tick = () => {
      if (document.visibilityState === "visible") void go();
    };
    round.current = go;
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
  const reload = useCallback(() => round.current(), []);
  useEffect(() => {
    if (after > 0) void reload();
  }, [after, reload]);

  const put = useCallback(
    (value: T) => {
      turn.current += 1;
      setHeld({ key, remote: { phase: "ready", value, trouble: null } });
    },
    [key],
  );

  return { remote: held.key === key ? held.remote : { phase: "loading" }, reload, put };
};
