import type { Clock } from "./clock.ts";

/** Every in-memory cache of an instance is one of these. It is bounded: a flood of keys cannot fill the memory. */
export interface Memory<T> {
  /** Undefined if the value was never noted or has expired. */
  recall(key: string): T | undefined;
  /** `untilMs` is when this value expires; by default it lasts for the usual time. */
  note(key: string, value: T, untilMs?: number): void;
  forget(key: string): void;
}

interface MemoryOptions {
  readonly clock: Pick<Clock, "nowMs" | "lasting">;
  /** Nominal; 0 remembers nothing. */
  readonly forMs: number;
  readonly most?: number;
}

export const memory = <T>({ clock, forMs, most = 1_000 }: MemoryOptions): Memory<T> => {
  const known = new Map<string, { readonly value: T; readonly untilMs: number }>();
  return {
    recall: (key) => {
      const found = known.get(key);
      if (found !== undefined && found.untilMs > clock.nowMs()) return found.value;
      known.delete(key);
      return undefined;
    },
    note: (key, value, untilMs = clock.nowMs() + clock.lasting(forMs)) => {
      // Delete first: the map then stays in the order of notes, and its first key is the oldest.
      known.delete(key);
      const [oldest] = known.keys();
      if (known.size >= most && oldest !== undefined) known.delete(oldest);
      known.set(key, { value, untilMs });
    },
    forget: (key) => void known.delete(key),
  };
};

/**
 * Returns the remembered value, or calls `learn`. Concurrent callers share one call; a failure reaches all of them but
 * is not remembered.
 */
export const recallOrLearn = <T>(known: Memory<Promise<T>>, key: string, learn: () => Promise<T>): Promise<T> => {
  const recalled = known.recall(key);
  if (recalled !== undefined) return recalled;
  const learning = learn();
  known.note(key, learning);
  learning.catch(() => {
    if (known.recall(key) === learning) known.forget(key);
  });
  return learning;
};
