import type { Randomness } from "../../functions/domain/randomness.ts";

/**
 * All randomness of a simulated world: sfc32 (Chris Doty-Humphrey's Small Fast Counter, of PractRand), so that one seed
 * gives one world. Also the `Randomness` of the simulated processes; nothing in the world is secret.
 */
export class Chance implements Randomness {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b = 0x9e3779b9;
    this.#c = 0x243f6a88;
    for (let warming = 0; warming < 15; warming += 1) this.#next();
  }

  #next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  fraction(): number {
    return this.#next() / 2 ** 32;
  }

  token(count: number): string {
    const bytes = Buffer.allocUnsafe(Math.ceil(count / 4) * 4);
    for (let at = 0; at < count; at += 4) bytes.writeUInt32LE(this.#next(), at);
    return bytes.toString("base64url", 0, count);
  }

  /** Whether something of this probability happens. */
  happens(probability: number): boolean {
    return probability > 0 && this.fraction() < probability;
  }

  /** A number from `from` up to `to`, which it does not reach. */
  between(from: number, to: number): number {
    return from + this.fraction() * (to - from);
  }

  /** A whole number from 0 up to `count`, which it does not reach. */
  below(count: number): number {
    return Math.floor(this.fraction() * count);
  }

  pick<T>(among: readonly [T, ...T[]]): T {
    return among[this.below(among.length)] ?? among[0];
  }

  /** The time until the next of something that happens once in `meanMs` on average. */
  waiting(meanMs: number): number {
    return -Math.log(1 - this.fraction()) * meanMs;
  }
}
