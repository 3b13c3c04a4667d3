import type { Clock } from "../../clock.ts";
import { everyPage } from "../../every-record.ts";
import type { MailServer } from "../../mail-servers/mail-server.ts";
import { noteOnServer } from "../../mail-servers/save-server.ts";
import type { Records, Versioned } from "../../records.ts";
import { mayBeAlive } from "./may-be-alive.ts";

interface Deps {
  readonly clock: Pick<Clock, "nowMs">;
  readonly records: Records;
}

const AT_ONCE = 100;

/**
 * Makes every regular check due at the next tick, because the OAuth client or its publishing status, which predicts the
 * ends of grants, has changed. It may run twice and be interrupted. Throws `Unavailable`.
 */
export const checkAllSoon = (deps: Deps): Promise<number> =>
  checkSoon(deps, ({ nextCheckAtMs }) => nextCheckAtMs !== null);

/**
 * Makes grants that were given up but may be alive due at the next tick, and counts them. No query covers these, so all
 * servers are scanned. It may run twice and be interrupted. Throws `Unavailable`.
 */
export const checkGivenUpSoon = (deps: Deps): Promise<number> =>
  checkSoon(deps, ({ connection, nextCheckAtMs }) => nextCheckAtMs === null && mayBeAlive(connection));

const checkSoon = async (deps: Deps, which: (server: MailServer) => boolean): Promise<number> => {
  let count = 0;
  for await (const page of everyPage(deps.records, "serversByAge", {}, { page: AT_ONCE })) {
    const found = page.filter(({ value }) => which(value));
    await Promise.all(found.map((server) => setDue(deps, server)));
    count += found.length;
  }
  return count;
};

/** A lost race is fine: the other writer has set the next check, using current or almost current settings. */
const setDue = async ({ clock, records }: Deps, server: Versioned<MailServer>): Promise<void> => {
  const nowMs = clock.nowMs();
  const { nextCheckAtMs } = server.value;
  if (nextCheckAtMs === null || nextCheckAtMs > nowMs) await noteOnServer(records, server, { nextCheckAtMs: nowMs });
};
