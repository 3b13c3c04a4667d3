import { inspect } from "node:util";

/**
 * A value that must never be shown: it prints, serialises and inspects as `[secret]`.
 * Only adapters (and the two pages that exist to show a secret once) call `reveal`.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself. Call it as late as possible, inside an adapter. */
  reveal(): string {
    return this.#value;
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
