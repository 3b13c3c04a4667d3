/**
 * Time, passed in. Instants are real milliseconds since the epoch; lifetimes are nominal and asked for by
 * `lasting`, so that one setting (`RELAIS_TIME_SCALE`) shortens every lease, back-off, window and lifetime together.
 */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00Z. */
  nowMs(): number;
  /** Now, but later than every instant that this clock gave by it before: sorted by it, what came first stays first. For whatever is listed by its time. */
  nextMs(): number;
  /** How many real milliseconds a nominal duration takes: the duration divided by the time scale, rounded up. */
  lasting(nominalMs: number): number;
  /** Resolves after so many real milliseconds, or when the signal aborts (never rejects). */
  sleep(realMs: number, signal?: AbortSignal): Promise<void>;
}

/** `nextMs` of a clock that reads `nowMs`: at most a millisecond ahead of it for each instant given in the same millisecond. */
export const distinctInstants = (nowMs: () => number): (() => number) => {
  let lastMs = Number.NEGATIVE_INFINITY;
  return () => {
    lastMs = Math.max(nowMs(), lastMs + 1);
    return lastMs;
  };
};

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** RFC 3339 in UTC, as every answer and event shows an instant. */
export const isoTime = (atMs: number): string => new Date(atMs).toISOString();
export const isoTimeOrNull = (atMs: number | null): string | null => (atMs === null ? null : isoTime(atMs));
