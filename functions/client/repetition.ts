/** What time and chance do in a call; tests pass their own. */
export interface Pace {
  /** Resolves after that time, or rejects with the signal's reason. */
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  readonly nowMs: () => number;
  /** At least 0 and less than 1. */
  readonly random: () => number;
}

export const realPace: Pace = {
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const abort = (): void => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", abort);
        resolve();
      }, ms);
      if (signal?.aborted) abort();
      else signal?.addEventListener("abort", abort, { once: true });
    }),
  nowMs: Date.now,
  random: Math.random,
};

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 16_000;

/**
 * The time before the next request after `attempts` that failed. It doubles each time and varies by half, so that many
 * clients do not come back at once. If Relais asks for more (`Retry-After`), it is at least that.
 */
export const pauseMs = (
  attempts: number,
  retryAfterMs: number | undefined,
  { random }: Pick<Pace, "random">,
): number => {
  const longest = Math.min(FIRST_PAUSE_MS * 2 ** (attempts - 1), LONGEST_PAUSE_MS);
  return (retryAfterMs ?? 0) + longest * (0.5 + random() / 2);
};

/** `Retry-After` (RFC 9110 §10.2.3), in seconds or as a date; undefined if there is none that can be read. */
export const readRetryAfter = (header: string | null, { nowMs }: Pick<Pace, "nowMs">): number | undefined => {
  if (header === null) return undefined;
  if (/^\s*\d{1,9}\s*$/.test(header)) return Number(header) * 1_000;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs());
};
