const LARGEST_BUCKET = 256;

/** A sorted list in buckets: adding, removing and finding take time that hardly grows with its length. */
export class SortedList<T> {
  readonly #compare: (a: T, b: T) => number;
  readonly #buckets: T[][] = [];
  #size = 0;

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#size;
  }

  /** The first bucket that may hold the item or what follows it. */
  #bucketOf(item: T): number {
    let [low, high] = [0, this.#buckets.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const last = this.#buckets[middle]?.at(-1);
      if (last !== undefined && this.#compare(last, item) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The place of the first item of a bucket that is not before this one. */
  #placeIn(bucket: readonly T[], item: T): number {
    let [low, high] = [0, bucket.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const found = bucket[middle];
      if (found !== undefined && this.#compare(found, item) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  add(item: T): void {
    const at = Math.min(this.#bucketOf(item), Math.max(0, this.#buckets.length - 1));
    const bucket = this.#buckets[at] ?? [];
    if (this.#buckets.length === 0) this.#buckets.push(bucket);
    bucket.splice(this.#placeIn(bucket, item), 0, item);
    if (bucket.length > LARGEST_BUCKET) this.#buckets.splice(at + 1, 0, bucket.splice(LARGEST_BUCKET / 2));
    this.#size += 1;
  }

  /** Removes an item that compares as equal to this one. */
  remove(item: T): void {
    const at = this.#bucketOf(item);
    const bucket = this.#buckets[at];
    const place = bucket === undefined ? -1 : this.#placeIn(bucket, item);
    const found = bucket?.[place];
    if (bucket === undefined || found === undefined || this.#compare(found, item) !== 0)
      throw new Error("what is removed must be in the list");
    bucket.splice(place, 1);
    if (bucket.length === 0) this.#buckets.splice(at, 1);
    this.#size -= 1;
  }

  first(): T | undefined {
    return this.#buckets[0]?.[0];
  }

  /** The items that come after this one, or all. */
  *ascending(after?: T): Generator<T, void, undefined> {
    let at = after === undefined ? 0 : this.#bucketOf(after);
    let place = after === undefined ? 0 : this.#placeIn(this.#buckets[at] ?? [], after);
    for (; at < this.#buckets.length; at += 1, place = 0) {
      const bucket = this.#buckets[at] ?? [];
      for (; place < bucket.length; place += 1) {
        const item = bucket[place];
        if (item !== undefined && (after === undefined || this.#compare(item, after) > 0)) yield item;
      }
    }
  }

  /** The items that come before this one, or all, from the last to the first. */
  *descending(before?: T): Generator<T, void, undefined> {
    let at = before === undefined ? this.#buckets.length - 1 : this.#bucketOf(before);
    if (at >= this.#buckets.length) at = this.#buckets.length - 1;
    let place = this.#buckets[at] === undefined ? -1 : (this.#buckets[at]?.length ?? 0) - 1;
    for (; at >= 0; at -= 1, place = (this.#buckets[at]?.length ?? 0) - 1) {
      const bucket = this.#buckets[at] ?? [];
      for (; place >= 0; place -= 1) {
        const item = bucket[place];
        if (item !== undefined && (before === undefined || this.#compare(item, before) < 0)) yield item;
      }
    }
  }
}
