import { type Clock, DAY, isoTime, MINUTE } from "../../clock.ts";
import type { Records } from "../../records.ts";

/** What counts against a server's limits now, as the API shows it. */
export interface Usage {
  /** Recipients in the last minute. */
  readonly lastMinute: number;
  /** Recipients in the last 24 hours. */
  readonly lastDay: number;
  /** Gmail named a limit of its own: nothing is sent before this instant (RFC 3339). */
  readonly blockedUntil: string | null;
}

/** Adds up a server's ledger (`QuotaLedger`) for a person to see. Throws `Unavailable`. */
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
