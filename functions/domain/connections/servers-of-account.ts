import { listRecords } from "../every-record.ts";
import type { Records } from "../records.ts";

/** Ids of the servers that hold a grant of one Google account (`sub`), the oldest first. Throws `Unavailable`. */
export const serversOfAccount = async (records: Records, sub: string): Promise<readonly string[]> =>
  (await listRecords(records, "serversByAccount", { accountSub: sub })).map(({ id }) => id);
