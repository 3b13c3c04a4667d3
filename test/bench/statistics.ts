const sortedOf = (values: readonly number[]): readonly number[] => values.toSorted((a, b) => a - b);

/** The value below which this share of all values lies. */
export const quantile = (values: readonly number[], share: number): number =>
  sortedOf(values)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;

export const median = (values: readonly number[]): number => {
  const sorted = sortedOf(values);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
};

/** A median of several runs, and how far they lie apart. */
export interface Spread {
  readonly median: number;
  /** Absent where a former page gave only the median. */
  readonly least?: number;
  readonly most?: number;
}

export const spreadOf = (values: readonly number[]): Spread => ({
  median: median(values),
  least: Math.min(...values),
  most: Math.max(...values),
});
