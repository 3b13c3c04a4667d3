import type { Clock } from "./clock.ts";

/**
 * What an instance has learnt, by key, remembered for a while: the one way to do it. It is bounded, so that no flood of
 * keys fills the memory.
 */
export interface Memory<T> {
  /** Undefined: not known, or no longer. */
  recall(key: string): T | undefined;
  /** `untilMs`: how long this one is good; absent, as long as any. */
  note(key: string, value: T, untilMs?: number): void;
  forget(key: string): void;
}

interface MemoryOptions {
  readonly clock: Pick<Clock, "nowMs" | "lasting">;
  /** Nominal; 0: nothing is remembered. */
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
      // Deleted first, so that the order of the map is that of the notes, and the oldest gives way.
      known.delete(key);
      const [oldest] = known.keys();
      if (known.size >= most && oldest !== undefined) known.delete(oldest);
      known.set(key, { value, untilMs });
    },
    forget: (key) => void known.delete(key),
  };
};

/**
 * As remembered, else as `learn` says now. Those who ask meanwhile share one answer; a failure is shared by them alone,
 * and not remembered.
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
