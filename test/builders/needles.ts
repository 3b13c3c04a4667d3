/** Something to look for; `text` is in lower case if it is compared without case. */
export interface Needle {
  readonly text: string;
  readonly anyCase: boolean;
}

export const SHORTEST_NEEDLE = 12;

/** So many characters are looked up at once: enough that few texts have any four in common with a random needle. */
const BLOCK = 4;
/** A table for thousands of needles takes megabytes, which a scan for a few need not fill. */
const TABLE_BITS = { least: 12, most: 22 } as const;

const tableBitsFor = (needles: number): number =>
  Math.min(TABLE_BITS.most, TABLE_BITS.least + Math.ceil(Math.log2(needles + 1)));

/** A number for the block that ends before `end`, the same for all its spellings in capitals and small letters. */
const blockBefore = (text: string, end: number): number => {
  let hash = 0;
  for (let at = end - BLOCK; at < end; at++) hash = Math.imul(hash ^ (text.charCodeAt(at) & ~0x20), 0x9e3779b1);
  return hash >>> (32 - TABLE_BITS.most);
};

/**
 * Finds any of thousands of needles in megabytes of text: by the algorithm of Wu and Manber, which skips what cannot be
 * within the first characters of one, and so looks at one place in nine.
 */
export class Needles<N extends Needle> {
  readonly #byStart = new Map<string, N[]>();
  /** How far a needle's first characters may still be from their end, by the block that was read last. */
  readonly #skips: Uint8Array;
  /** By so many bits, a block's number is larger than the table. */
  readonly #shift: number;

  /** Throws for a needle that is too short. */
  constructor(needles: readonly N[]) {
    const bits = tableBitsFor(needles.length);
    this.#skips = new Uint8Array(2 ** bits).fill(SHORTEST_NEEDLE - BLOCK + 1);
    this.#shift = TABLE_BITS.most - bits;
    for (const needle of needles) this.#add(needle);
  }

  #add(needle: N): void {
    const start = needle.text.slice(0, SHORTEST_NEEDLE);
    if (start.length < SHORTEST_NEEDLE) throw new Error(`shorter than ${SHORTEST_NEEDLE} characters`);
    const key = start.toLowerCase();
    this.#byStart.set(key, [...(this.#byStart.get(key) ?? []), needle]);
    for (let end = BLOCK; end <= SHORTEST_NEEDLE; end++) {
      const block = blockBefore(start, end) >>> this.#shift;
      this.#skips[block] = Math.min(this.#skips[block] ?? 0, SHORTEST_NEEDLE - end);
    }
  }

  *in(text: string): Generator<N> {
    for (let end = SHORTEST_NEEDLE; end <= text.length; ) {
      const skip = this.#skips[blockBefore(text, end) >>> this.#shift] ?? 0;
      if (skip === 0) yield* this.#at(text, end - SHORTEST_NEEDLE);
      end += Math.max(1, skip);
    }
  }

  *#at(text: string, at: number): Generator<N> {
    const key = text.slice(at, at + SHORTEST_NEEDLE).toLowerCase();
    for (const needle of this.#byStart.get(key) ?? []) {
      const found = text.slice(at, at + needle.text.length);
      if ((needle.anyCase ? found.toLowerCase() : found) === needle.text) yield needle;
    }
  }
}
