import type { ApiResult } from "./failure.ts";

interface Read {
  readonly answer: Promise<ApiResult<unknown>>;
  readonly abort: AbortController;
  readers: number;
}

const ABORTED = { ok: false, failure: { kind: "aborted" } } as const;

/**
 * Reads under way. Several parts of a page need the same data: a part that asks for what is being read gets that
 * answer. A read ends early once nobody waits for it.
 */
export const createSharedReads = () => {
  const reads = new Map<string, Read>();

  const begin = (key: string, start: (signal: AbortSignal) => Promise<ApiResult<unknown>>): Read => {
    const abort = new AbortController();
    const read: Read = { answer: start(abort.signal), abort, readers: 0 };
    const end = () => reads.get(key) === read && reads.delete(key);
    abort.signal.addEventListener("abort", end);
    void read.answer.then(end);
    reads.set(key, read);
    return read;
  };

  return {
    /** `start` never throws. */
    share: <T>(
      key: string,
      start: (signal: AbortSignal) => Promise<ApiResult<T>>,
      signal?: AbortSignal,
    ): Promise<ApiResult<T>> => {
      if (signal?.aborted) return Promise.resolve(ABORTED);
      const read = reads.get(key) ?? begin(key, start);
      read.readers += 1;
      return new Promise((resolve) => {
        const leave = () => {
          read.readers -= 1;
          if (read.readers === 0) read.abort.abort();
          resolve(ABORTED);
        };
        signal?.addEventListener("abort", leave, { once: true });
        void read.answer.then((result) => {
          signal?.removeEventListener("abort", leave);
          // A cast, because the key names the call, and with it the type of its answer.
          resolve(result as ApiResult<T>);
        });
      });
    },
    /** After a change, an answer that is under way may be of before it. */
    forget: (): void => reads.clear(),
  };
};
