import type { ApiKey } from "../domain/access/records.ts";
import { type Clock, SECOND } from "../domain/clock.ts";
import type { Records, Versioned } from "../domain/records.ts";

/** A revocation is in force everywhere within 60 s by contract; nominal. */
const REMEMBER_MS = 30 * SECOND;
/** A flood of made-up ids must not fill the memory. */
const MOST = 1_000;

/** The same records, with the API keys that were found remembered for a while: one read less for every request of a program. */
export const rememberingKeys = (records: Records, clock: Pick<Clock, "nowMs" | "lasting">): Records => {
  const known = new Map<string, { readonly key: Versioned<ApiKey>; readonly untilMs: number }>();
  const getKey = async (id: string): Promise<Versioned<ApiKey> | undefined> => {
    const remembered = known.get(id);
    if (remembered !== undefined && remembered.untilMs > clock.nowMs()) return remembered.key;
    known.delete(id);
    const key = await records.get("keys", id);
    if (known.size >= MOST) known.clear();
    if (key !== undefined) known.set(id, { key, untilMs: clock.nowMs() + clock.lasting(REMEMBER_MS) });
    return key;
  };
  const get = (kind: string, id: string) =>
    kind === "keys" ? getKey(id) : records.get(kind as Parameters<Records["get"]>[0], id);
  return {
    get: get as Records["get"],
    query: (...query) => records.query(...query),
    commit: async (writes) => {
      const outcome = await records.commit(writes);
      for (const { kind, id } of writes) if (kind === "keys") known.delete(id);
      return outcome;
    },
  };
};
