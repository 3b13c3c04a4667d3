import { type Clock, DAY, isoTime, MINUTE } from "../../clock.ts";
import type { Records } from "../../records.ts";

/** What counts against a server's limits just now, as the API shows it. */
export interface Usage {
  /** Recipients. */
  readonly lastMinute: number;
  /** Recipients in the last 24 hours. */
  readonly lastDay: number;
  /** Gmail named its own limit: nothing leaves before then (RFC 3339). */
  readonly blockedUntil: string | null;
}

/** A server's ledger (`QuotaLedger`) added up for a person to see. Reads only. Throws `Unavailable`. */
export const readUsage = async (
  deps: { readonly records: Pick<Records, "get">; readonly clock: Pick<Clock, "nowMs" | "lasting"> },
  serverId: string,
): Promise<Usage> => {
  const ledger = (await deps.records.get("quotas", serverId))?.value;
  const nowMs = deps.clock.nowMs();
  const within = (lengthMs: number): number => {
    const fromMs = nowMs - deps.clock.lasting(lengthMs);
    return (ledger?.entries ?? []).reduce((sum, { atMs, recipients }) => (atMs > fromMs ? sum + recipients : sum), 0);
  };
  const blockedUntilMs = ledger?.blockedUntilMs ?? null;
  return {
    lastMinute: within(MINUTE),
    lastDay: within(DAY),
    blockedUntil: blockedUntilMs !== null && blockedUntilMs > nowMs ? isoTime(blockedUntilMs) : null,
  };
};
