import { listRecords } from "../every-record.ts";
import type { Records } from "../records.ts";

/**
 * Returns the ids of the servers that hold a grant of one Google account (`sub`), oldest first. Throws `Unavailable`.
 */
export const serversOfAccount = async (records: Records, sub: string): Promise<readonly string[]> =>
  (await listRecords(records, "serversByAccount", { accountSub: sub })).map(({ id }) => id);
