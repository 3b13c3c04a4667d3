import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { ApiFailure, ApiResult } from "../api/failure.ts";

/** One action that a person started: whether it is running, and how the last run ended. */
export interface Action<A extends readonly unknown[], T> {
  readonly busy: boolean;
  readonly failure: ApiFailure | null;
  /** Returns null if it is already running: a second click does nothing. */
  readonly run: (...args: A) => Promise<ApiResult<T> | null>;
  readonly clear: () => void;
}

export const useAction = <A extends readonly unknown[], T>(
  act: (...args: A) => Promise<ApiResult<T>>,
): Action<A, T> => {
  const [state, setState] = useState<{ readonly busy: boolean; readonly failure: ApiFailure | null }>({
    busy: false,
    failure: null,
  });
  const latest = useRef(act);
  latest.current = act;
  const busy = useRef(false);
  const mounted = useRef(true);
  useEffect(() => {
    mounted.current = true;
    return () => {
      mounted.current = false;
    };
  }, []);

  const run = useCallback(async (...args: A): Promise<ApiResult<T> | null> => {
    if (busy.current) return null;
    busy.current = true;
    setState({ busy: true, failure: null });
    let failure: ApiFailure | null = null;
    try {
      const result = await latest.current(...args);
      if (!result.ok) failure = result.failure;
      return result;
    } finally {
      // Even after an error in our own code, the person may try again.
      busy.current = false;
      if (mounted.current) setState({ busy: false, failure });
    }
  }, []);

  const clear = useCallback(() => setState((before) => ({ ...before, failure: null })), []);
  return { busy: state.busy, failure: state.failure, run, clear };
};
