/** What is counted (STATS.md), in the order in which it is shown. */
export const COUNTED = [
  "sent",
  "refused",
  "failed",
  "held",
  "deferred",
  "unknown",
  "canceled",
  "expired",
  "recipients",
] as const;
export type Counted = (typeof COUNTED)[number];
export type Counts = Readonly<Partial<Record<Counted, number>>>;

/** What was counted in one hour (UTC), or is taken back from it: the numbers may be negative. */
export interface HourCounts {
  readonly hourMs: number;
  readonly counts: Counts;
}
