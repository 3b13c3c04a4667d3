import { DAY, HOUR, MINUTE } from "../../clock.ts";
import type { QuotaLedger } from "../message.ts";
import type { Entry, LedgerClock } from "./room.ts";

/** Subtracts `recipients` from the entry of that time or those after it, since entries merge forward in time. */
const subtract = (entries: readonly Entry[], atMs: number, recipients: number): readonly Entry[] => {
  let left = recipients;
  return entries.map((entry) => {
    const taken = entry.atMs >= atMs ? Math.min(left, entry.recipients) : 0;
    left -= taken;
    return { ...entry, recipients: entry.recipients - taken };
  });
};

/** The limits of its own that Gmail may name in a refusal. */
export type NamedLimit = "daily_limit" | "rate_limit" | "login_limit";

/** How long nothing is sent after Gmail named a limit. Nominal. */
const BLOCKED_MS: Readonly<Record<NamedLimit, number>> = { daily_limit: HOUR, rate_limit: MINUTE, login_limit: 0 };
/** How long the number of concurrent claims is halved after too many logins. Nominal. */
const HALVED_MS = HOUR;

/** The outcome of a claim, as far as it concerns the ledger. */
export interface Correction {
  readonly id: string;
  readonly claimedAtMs: number;
  /** How many recipients were counted but not reached. */
  readonly unsent: number;
  readonly limit: NamedLimit | null;
  /** Gmail accepted the mail, so it does not refuse the account any more. */
  readonly taken?: boolean;
  /** How long Gmail asks us to wait, in nominal milliseconds; this applies to the server's other messages too. */
  readonly retryAfterMs?: number | null;
}

/**
 * Ends a claim: it frees the claim's place, gives back what was not sent, and makes the server's other messages respect
 * a limit that Gmail named.
 */
export const applyCorrection = (clock: LedgerClock, ledger: QuotaLedger, correction: Correction): QuotaLedger => {
  const { id, claimedAtMs, unsent, limit, taken = false, retryAfterMs = null } = correction;
  const blockedMs = Math.max(retryAfterMs ?? 0, limit === null ? 0 : BLOCKED_MS[limit]);
  const blockedUntilMs = blockedMs === 0 ? null : clock.nowMs() + clock.lasting(blockedMs);
  return {
    ...ledger,
    live: ledger.live.filter((claim) => claim.id !== id),
    // A claim from more than a day ago no longer counts: the entries that are left belong to others.
    entries:
      claimedAtMs <= clock.nowMs() - clock.lasting(DAY)
        ? ledger.entries
        : subtract(ledger.entries, claimedAtMs, unsent),
    blockedUntilMs:
      blockedUntilMs === null ? ledger.blockedUntilMs : Math.max(ledger.blockedUntilMs ?? 0, blockedUntilMs),
    halvedUntilMs: limit === "login_limit" ? clock.nowMs() + clock.lasting(HALVED_MS) : ledger.halvedUntilMs,
    ...(taken && ledger.refusals !== undefined && { refusals: 0 }),
  };
};
