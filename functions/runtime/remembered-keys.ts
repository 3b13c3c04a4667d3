import type { ApiKey } from "../domain/access/records.ts";
import { type Clock, SECOND } from "../domain/clock.ts";
import type { Records, Versioned } from "../domain/records.ts";
import { memory } from "../domain/remembered.ts";

/** A revocation is in force everywhere within 60 s by contract; nominal. */
const REMEMBER_MS = 30 * SECOND;

/** The same records, with the API keys that were found remembered for a while: one read less for every request of a program. */
export const rememberingKeys = (records: Records, clock: Pick<Clock, "nowMs" | "lasting">): Records => {
  const known = memory<Versioned<ApiKey>>({ clock, forMs: REMEMBER_MS });
  const getKey = async (id: string): Promise<Versioned<ApiKey> | undefined> => {
    const remembered = known.recall(id);
    if (remembered !== undefined) return remembered;
    const key = await records.get("keys", id);
    if (key !== undefined) known.note(id, key);
    return key;
  };
  const get = (kind: string, id: string) =>
    kind === "keys" ? getKey(id) : records.get(kind as Parameters<Records["get"]>[0], id);
  return {
    get: get as Records["get"],
    query: (...query) => records.query(...query),
    commit: async (writes) => {
      const outcome = await records.commit(writes);
      for (const { kind, id } of writes) if (kind === "keys") known.forget(id);
      return outcome;
    },
  };
};
