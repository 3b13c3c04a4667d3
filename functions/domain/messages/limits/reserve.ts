import { DAY, MINUTE, SECOND } from "../../clock.ts";
import type { Limits } from "../../mail-servers/limits.ts";
import type { QuotaLedger } from "../message.ts";
import { countedRoom, type Entry, earliestRoom, type LedgerClock, standingPromises, sum } from "./room.ts";

const WARN_AT = 0.9;
/**
 * The most mails of one account that are handed over at once, over all instances: Gmail answers too many sessions with
 * `454 4.7.0`.
 */
export const MOST_AT_ONCE = 8;

export interface Demand {
  /** When the claim is made; the entry counts from here. */
  readonly atMs: number;
  /** The id of the message. */
  readonly id: string;
  readonly createdAtMs: number;
  readonly recipients: number;
  readonly limits: Limits;
  /** When the claim ends at the latest, even if its worker dies. */
  readonly untilMs: number;
  /** How many more mails of the account may be claimed than are handed over at once. */
  readonly ahead: number;
}

export type Reservation =
  /** `after` is the ledger with the claim in it; `warn` says that the day's count has just passed 90 %. */
  | { readonly kind: "room"; readonly after: QuotaLedger; readonly warn: boolean }
  /** There is no room before `untilMs`; null if it must queue behind others. `after` holds its place in the line. */
  | { readonly kind: "full"; readonly after: QuotaLedger; readonly untilMs: number | null }
  /** The account has the most claims under way that it may have. */
  | { readonly kind: "busy" };

/** From so many entries in the last minute on, those of one second are merged: the ledger is written with each mail. */
const MANY = 60;

/**
 * Drops entries that no longer count and merges those older than a minute by minutes, and many younger ones by seconds.
 * A merged entry takes the latest of its times, so it counts for up to that much too long and never too short.
 */
const compact = (clock: LedgerClock, entries: readonly Entry[]): readonly Entry[] => {
  const nowMs = clock.nowMs();
  const minuteMs = clock.lasting(MINUTE);
  const youngFromMs = nowMs - minuteMs;
  const youngBinMs = entries.filter(({ atMs }) => atMs > youngFromMs).length > MANY ? clock.lasting(SECOND) : null;
  const merged: Entry[] = [];
  for (const entry of entries) {
    if (entry.atMs <= nowMs - clock.lasting(DAY) || entry.recipients <= 0) continue;
    const last = merged.at(-1);
    const binMs = entry.atMs <= youngFromMs ? minuteMs : youngBinMs;
    const sameBin =
      last !== undefined && binMs !== null && Math.floor(last.atMs / binMs) === Math.floor(entry.atMs / binMs);
    if (sameBin) {
      // Entries may be out of order, because the clocks of two instances may differ.
      const atMs = Math.max(last.atMs, entry.atMs);
      merged[merged.length - 1] = { atMs, recipients: last.recipients + entry.recipients };
    } else merged.push(entry);
  }
  return merged;
};

/** Adds a message to the line, which begins with the oldest. */
const joinLine = (ledger: QuotaLedger, createdAtMs: number): QuotaLedger => ({
  ...ledger,
  lineSinceMs: Math.min(ledger.lineSinceMs ?? createdAtMs, createdAtMs),
});

/** Fewer for a while after Gmail has refused a login as one too many. */
export const mostAtOnce = ({ halvedUntilMs }: Pick<QuotaLedger, "halvedUntilMs">, nowMs: number): number =>
  (halvedUntilMs ?? 0) > nowMs ? MOST_AT_ONCE / 2 : MOST_AT_ONCE;

const isBusy = (ledger: QuotaLedger, nowMs: number, ahead: number): boolean => {
  const most = mostAtOnce(ledger, nowMs);
  const live = ledger.live.filter(({ untilMs }) => untilMs > nowMs);
  return live.length >= most + (most === MOST_AT_ONCE ? ahead : 0);
};

/** Finds when a message has room; null if now. A message with a promise waits for that room and passes the line. */
const roomFor = (clock: LedgerClock, ledger: QuotaLedger, demand: Demand): number | null => {
  const { atMs: nowMs, id, recipients: wanted, limits } = demand;
  const promise = standingPromises(clock, ledger).find((one) => one.id === id);
  if (promise === undefined) return earliestRoom(clock, ledger, { limits, wanted, nowMs });
  const roomMs = countedRoom(clock, ledger, { limits, wanted, nowMs });
  return promise.atMs > nowMs ? Math.max(promise.atMs, roomMs ?? 0) : roomMs;
};

/** Reserves room for a message. If an older one waits, this one waits too. */
export const reserve = (clock: LedgerClock, kept: QuotaLedger, demand: Demand): Reservation => {
  const { atMs: nowMs, id, createdAtMs, recipients, limits, untilMs } = demand;
  const promised = standingPromises(clock, kept);
  const others = promised.filter((promise) => promise.id !== id);
  const mayPass = others.length < promised.length || kept.lineSinceMs === null || createdAtMs <= kept.lineSinceMs;
  if (!mayPass) return { kind: "full", after: kept, untilMs: null };
  const roomMs = roomFor(clock, kept, demand);
  const ledger = { ...kept, promised: others };
  if (roomMs !== null) return { kind: "full", after: joinLine(ledger, createdAtMs), untilMs: roomMs };
  if (isBusy(ledger, nowMs, demand.ahead)) return { kind: "busy" };
  const entries = compact(clock, [...ledger.entries, { atMs: nowMs, recipients }]);
  const live = [...ledger.live.filter((claim) => claim.untilMs > nowMs && claim.id !== id), { id, untilMs }];
  const warnedLately = ledger.warnedAtMs !== null && ledger.warnedAtMs > nowMs - clock.lasting(DAY);
  const warn = !warnedLately && sum(entries) >= limits.perDay * WARN_AT;
  return { kind: "room", warn, after: { ...ledger, entries, live, warnedAtMs: warn ? nowMs : ledger.warnedAtMs } };
};
