import { type Clock, DAY, MINUTE } from "../../clock.ts";
import type { Limits } from "../../mail-servers/limits.ts";
import type { QuotaLedger } from "../message.ts";

/**
 * Computes the room in a server's ledger, which counts recipients in a rolling minute and in rolling 24 hours.
 * Everything here is pure, as in the files that build on it; `ledger.ts` reads and writes the ledger.
 */

export type LedgerClock = Pick<Clock, "nowMs" | "lasting">;
export type Entry = QuotaLedger["entries"][number];

export const EMPTY_LEDGER: QuotaLedger = {
  entries: [],
  blockedUntilMs: null,
  warnedAtMs: null,
  live: [],
  halvedUntilMs: null,
  lineSinceMs: null,
  promised: [],
};

export const sum = (entries: readonly Entry[]): number =>
  entries.reduce((total, { recipients }) => total + recipients, 0);

/** Finds when enough entries have left a window for `wanted` more to fit in; null if they fit in now. */
const roomAtMs = (
  entries: readonly Entry[],
  window: { readonly fromMs: number; readonly lengthMs: number; readonly limit: number },
  wanted: number,
): number | null => {
  const inside = entries.filter(({ atMs }) => atMs > window.fromMs);
  let excess = sum(inside) + wanted - window.limit;
  if (excess <= 0 || inside.length === 0) return null;
  for (const { atMs, recipients } of inside) {
    excess -= recipients;
    if (excess <= 0) return atMs + window.lengthMs;
  }
  // A message with more recipients than the limit may go alone, in an empty window.
  return (inside.at(-1)?.atMs ?? 0) + window.lengthMs;
};

/** A promise that nobody claims (canceled, paused, or its worker died) lapses after a minute, as an entry would. */
export const standingPromises = (clock: LedgerClock, { promised }: QuotaLedger): QuotaLedger["promised"] =>
  promised.filter(({ atMs }) => atMs > clock.nowMs() - clock.lasting(MINUTE));

interface Wanted {
  readonly limits: Limits;
  readonly wanted: number;
  readonly nowMs: number;
}

/** Finds when there is room for so many recipients, by what was counted alone; null if there is room now. */
export const countedRoom = (clock: LedgerClock, ledger: QuotaLedger, demand: Wanted): number | null => {
  const { limits, wanted, nowMs } = demand;
  const windows = [
    { lengthMs: clock.lasting(MINUTE), limit: limits.perMinute },
    { lengthMs: clock.lasting(DAY), limit: limits.perDay },
  ];
  const times = windows
    .map(({ lengthMs, limit }) => roomAtMs(ledger.entries, { fromMs: nowMs - lengthMs, lengthMs, limit }, wanted))
    .filter((time) => time !== null);
  if (ledger.blockedUntilMs !== null && ledger.blockedUntilMs > nowMs) times.push(ledger.blockedUntilMs);
  return times.length === 0 ? null : Math.max(...times);
};

/** Finds the same, but counts promised room as taken. */
export const earliestRoom = (clock: LedgerClock, ledger: QuotaLedger, demand: Wanted): number | null => {
  const entries = [...ledger.entries, ...standingPromises(clock, ledger)].toSorted((a, b) => a.atMs - b.atMs);
  return countedRoom(clock, { ...ledger, entries }, demand);
};

/** Checks for room regardless of the line, which may outlast the limit that it waits for until a tick releases it. */
export const hasRoomNow = (
  clock: LedgerClock,
  ledger: QuotaLedger,
  { limits, wanted }: Pick<Wanted, "limits" | "wanted">,
): boolean => earliestRoom(clock, ledger, { limits, wanted, nowMs: clock.nowMs() }) === null;
