/**
 * Instants are real milliseconds since the epoch. Durations are nominal and converted by `lasting`, so that one
 * setting (`RELAIS_TIME_SCALE`) shortens every lease, back-off, window and lifetime.
 */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00Z. */
  nowMs(): number;
  /** Now, but strictly later than the previous result, so that records listed by time keep their order of creation. */
  nextMs(): number;
  /** Converts a nominal duration to real milliseconds: divided by the time scale, rounded up. */
  lasting(nominalMs: number): number;
  /** Resolves after this many real milliseconds, or when the signal aborts. Never rejects. */
  sleep(realMs: number, signal?: AbortSignal): Promise<void>;
}

/** Makes `nextMs` from `nowMs`. It runs ahead by one millisecond for each further call within the same millisecond. */
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

/** The format of instants in every response and event: RFC 3339 in UTC. */
export const isoTime = (atMs: number): string => new Date(atMs).toISOString();
export const isoTimeOrNull = (atMs: number | null): string | null => (atMs === null ? null : isoTime(atMs));
