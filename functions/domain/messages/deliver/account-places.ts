import { MOST_AT_ONCE } from "../limits/reserve.ts";
import { Capacity } from "./capacity.ts";

const NONE: ReadonlySet<string> = new Set();

/**
 * The mails that this instance has claimed, by account. Some more may be claimed than are handed over at once: they are
 * composed and wait for a place, so that a place that is free is used at once.
 */
export class AccountPlaces {
  readonly #claimed = new Map<string, ReadonlySet<string>>();
  readonly #places = new Map<string, Capacity>();

  /** The ids of the messages of this account whose claims have not ended. */
  claimed(serverId: string): ReadonlySet<string> {
    return this.#claimed.get(serverId) ?? NONE;
  }

  note(serverId: string, id: string): void {
    this.#claimed.set(serverId, new Set([...this.claimed(serverId), id]));
  }

  forget(serverId: string, id: string): void {
    const left = new Set([...this.claimed(serverId)].filter((other) => other !== id));
    if (left.size === 0) this.#claimed.delete(serverId);
    else this.#claimed.set(serverId, left);
  }

  /** Runs `work` once fewer than `most` mails of this account are handed over. */
  async hold<T>(serverId: string, most: number, work: () => Promise<T>): Promise<T> {
    const places = this.#places.get(serverId) ?? new Capacity(MOST_AT_ONCE);
    this.#places.set(serverId, places);
    try {
      return await places.hold(MOST_AT_ONCE / most, work);
    } finally {
      if (places.isIdle) this.#places.delete(serverId);
    }
  }
}
