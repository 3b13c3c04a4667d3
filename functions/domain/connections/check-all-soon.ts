import type { Clock } from "../clock.ts";
import type { MailServer } from "../mail-servers/mail-server.ts";
import type { Page, Records, Versioned } from "../records.ts";

interface Deps {
  readonly clock: Pick<Clock, "nowMs">;
  readonly records: Records;
}

const PAGE = 100;

/**
 * What operators say of the OAuth client has changed: its publishing status, by which ends are foretold, or the client itself. So every grant that is checked at all is
 * checked by the next tick, instead of within a day, when an end may have come. May run twice, and be cut off. Throws `Unavailable`.
 */
export const checkAllSoon = async (deps: Deps): Promise<void> => {
  let cursor: string | null = null;
  do {
    const page: Page<MailServer> | "bad_cursor" = await deps.records.query("serversByAge", {}, { limit: PAGE, cursor });
    if (page === "bad_cursor") throw new Error("the store refused its own cursor");
    await Promise.all(page.items.map((server) => checkSoon(deps, server)));
    cursor = page.next;
  } while (cursor !== null);
};

/** Losing a race is fine: whoever wrote has seen to the next check, and read the settings as they are now or nearly so. */
const checkSoon = async ({ clock, records }: Deps, { id, version, value }: Versioned<MailServer>): Promise<void> => {
  if (value.nextCheckAtMs === null || value.nextCheckAtMs <= clock.nowMs()) return;
  const after: MailServer = { ...value, nextCheckAtMs: clock.nowMs() };
  await records.commit([{ op: "replace", kind: "mailServers", id, version, value: after }]);
};
