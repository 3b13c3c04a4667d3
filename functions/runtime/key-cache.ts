import type { ApiKey } from "../domain/access/records.ts";
import { type Clock, SECOND } from "../domain/clock.ts";
import type { Records, Versioned } from "../domain/records.ts";
import { memory } from "../domain/remembered.ts";

/** Nominal. A revocation must take effect everywhere within 60 s */
const CACHE_MS = 30 * SECOND;

/** Wraps the records and remembers API keys for a while, which saves a read for every request of a program. */
export const withKeyCache = (records: Records, clock: Pick<Clock, "nowMs" | "lasting">): Records => {
  const cache = memory<Versioned<ApiKey>>({ clock, forMs: CACHE_MS });
  const getKey = async (id: string): Promise<Versioned<ApiKey> | undefined> => {
    const cached = cache.recall(id);
    if (cached !== undefined) return cached;
    const key = await records.get("keys", id);
    if (key !== undefined) cache.note(id, key);
    return key;
  };
  const get = (kind: string, id: string) =>
    kind === "keys" ? getKey(id) : records.get(kind as Parameters<Records["get"]>[0], id);
  return {
    get: get as Records["get"],
    query: (...query) => records.query(...query),
    commit: async (writes) => {
      const outcome = await records.commit(writes);
      for (const { kind, id } of writes) if (kind === "keys") cache.forget(id);
      return outcome;
    },
  };
};
