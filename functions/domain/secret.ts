import { createHash, timingSafeEqual } from "node:crypto";
import { inspect } from "node:util";

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/**
 * A value that must never be shown: it prints, serialises and inspects as `[secret]`.
 * Only adapters (and the two pages that exist to show a secret once) call `reveal`.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** Call this as late as possible, inside an adapter. */
  reveal(): string {
    return this.#value;
  }

  /** Compares in constant time. */
  matches(candidate: Secret | string): boolean {
    const other = typeof candidate === "string" ? candidate : candidate.reveal();
    return timingSafeEqual(digest(this.#value), digest(other));
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [inspect.custom](): string {
    return "[secret]";
  }
}
