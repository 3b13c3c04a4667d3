import { type Clock, DAY, HOUR, MINUTE } from "../clock.ts";
import type { Limits } from "../mail-servers/limits.ts";
import type { QuotaLedger } from "./message.ts";

/**
 * The arithmetic of a server's ledger: recipients in a rolling minute and rolling 24 hours, claims under way, and the line of those that wait
 * for room. Pure; `ledger.ts` reads and writes it.
 */

export type Windows = Pick<Clock, "nowMs" | "lasting">;
export type Entry = QuotaLedger["entries"][number];

export const EMPTY_LEDGER: QuotaLedger = {
  entries: [],
  blockedUntilMs: null,
  warnedAtMs: null,
  live: [],
  halvedUntilMs: null,
  lineSinceMs: null,
};
const WARN_AT = 0.9;
/** Messages of one account under way at once, over all instances: Gmail answers too many sessions with `454 4.7.0`. */
const MOST_LIVE = 8;

const sum = (entries: readonly Entry[]): number => entries.reduce((total, { recipients }) => total + recipients, 0);

/**
 * Entries that still count, those past the minute merged by minutes. A merged entry takes the latest of its times, so it counts for up to a minute
 * longer than it must and never for less.
 */
const compacted = (clock: Windows, entries: readonly Entry[]): readonly Entry[] => {
  const nowMs = clock.nowMs();
  const minuteMs = clock.lasting(MINUTE);
  const merged: Entry[] = [];
  for (const entry of entries) {
    if (entry.atMs <= nowMs - clock.lasting(DAY) || entry.recipients <= 0) continue;
    const last = merged.at(-1);
    const old = entry.atMs <= nowMs - minuteMs;
    const sameBin = last !== undefined && Math.floor(last.atMs / minuteMs) === Math.floor(entry.atMs / minuteMs);
    if (old && last !== undefined && sameBin) {
      merged[merged.length - 1] = { atMs: entry.atMs, recipients: last.recipients + entry.recipients };
    } else merged.push(entry);
  }
  return merged;
};

/** When so many entries have left a window that `wanted` more fit in; null: they fit in now. */
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
  // More recipients than the limit itself: alone in an empty window it goes.
  return (inside.at(-1)?.atMs ?? 0) + window.lengthMs;
};

/** When there will be room for so many recipients; null: there is now. */
export const earliestRoom = (
  clock: Windows,
  ledger: QuotaLedger,
  demand: { readonly limits: Limits; readonly wanted: number; readonly nowMs: number },
): number | null => {
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

export interface Demand {
  /** The moment of the claim, by which it counts. */
  readonly atMs: number;
  /** Of the message. */
  readonly id: string;
  readonly createdAtMs: number;
  readonly recipients: number;
  readonly limits: Limits;
  /** When the claim ends at the latest, whatever becomes of the worker. */
  readonly untilMs: number;
}

export type Reservation =
  /** `after`: the ledger with the claim in it. `warn`: the day's count has just passed 90 %. */
  | { readonly kind: "room"; readonly after: QuotaLedger; readonly warn: boolean }
  /** No room before `untilMs`; null: others wait already, and it queues behind them. `after`: the ledger with its place in the line. */
  | { readonly kind: "full"; readonly after: QuotaLedger; readonly untilMs: number | null }
  /** As many claims are under way as the account bears. */
  | { readonly kind: "busy" };

/** The line begins with whoever was made first. */
const lined = (ledger: QuotaLedger, createdAtMs: number): QuotaLedger => ({
  ...ledger,
  lineSinceMs: Math.min(ledger.lineSinceMs ?? createdAtMs, createdAtMs),
});

const isBusy = (ledger: QuotaLedger, nowMs: number): boolean => {
  const most = (ledger.halvedUntilMs ?? 0) > nowMs ? MOST_LIVE / 2 : MOST_LIVE;
  return ledger.live.filter(({ untilMs }) => untilMs > nowMs).length >= most;
};

/** Is there room for a message? Oldest first: one that is younger than the oldest that waits, waits too. */
export const reserved = (clock: Windows, ledger: QuotaLedger, demand: Demand): Reservation => {
  const { atMs: nowMs, id, createdAtMs, recipients, limits, untilMs } = demand;
  if (ledger.lineSinceMs !== null && createdAtMs > ledger.lineSinceMs) {
    return { kind: "full", after: ledger, untilMs: null };
  }
  const roomMs = earliestRoom(clock, ledger, { limits, wanted: recipients, nowMs });
  if (roomMs !== null) return { kind: "full", after: lined(ledger, createdAtMs), untilMs: roomMs };
  if (isBusy(ledger, nowMs)) return { kind: "busy" };
  const entries = compacted(clock, [...ledger.entries, { atMs: nowMs, recipients }]);
  const live = [...ledger.live.filter((claim) => claim.untilMs > nowMs && claim.id !== id), { id, untilMs }];
  const warnedLately = ledger.warnedAtMs !== null && ledger.warnedAtMs > nowMs - clock.lasting(DAY);
  const warn = !warnedLately && sum(entries) >= limits.perDay * WARN_AT;
  return { kind: "room", warn, after: { ...ledger, entries, live, warnedAtMs: warn ? nowMs : ledger.warnedAtMs } };
};

/** Takes `recipients` off again, from the entry of that time or the first after it (entries merge forward in time). */
const reduced = (entries: readonly Entry[], atMs: number, recipients: number): readonly Entry[] => {
  let left = recipients;
  return entries.map((entry) => {
    const taken = entry.atMs >= atMs ? Math.min(left, entry.recipients) : 0;
    left -= taken;
    return { ...entry, recipients: entry.recipients - taken };
  });
};

/** How long an account is left alone after its daily limit, and its sessions halved after too many logins. Nominal. */
const LIMIT_MS = HOUR;

/** What a claim came to, as far as the ledger is concerned. */
export interface Correction {
  readonly id: string;
  readonly claimedAtMs: number;
  /** Recipients that were counted and not reached. */
  readonly unsent: number;
  /** The limit that Gmail spoke of. */
  readonly limit: "daily_limit" | "login_limit" | null;
  /** When Gmail wants to be asked again, nominal milliseconds from now: it would tell the server's other messages the same. */
  readonly retryAfterMs?: number | null;
}

/** The claim is over: its place is free, what was not sent is given back, and a limit that Gmail named is heeded by the server's other messages. */
export const corrected = (clock: Windows, ledger: QuotaLedger, correction: Correction): QuotaLedger => {
  const { id, claimedAtMs, unsent, limit, retryAfterMs = null } = correction;
  const limitedUntilMs = clock.nowMs() + clock.lasting(LIMIT_MS);
  const blockedMs = Math.max(retryAfterMs ?? 0, limit === "daily_limit" ? LIMIT_MS : 0);
  const blockedUntilMs = blockedMs === 0 ? null : clock.nowMs() + clock.lasting(blockedMs);
  return {
    ...ledger,
    live: ledger.live.filter((claim) => claim.id !== id),
    entries: reduced(ledger.entries, claimedAtMs, unsent),
    blockedUntilMs:
      blockedUntilMs === null ? ledger.blockedUntilMs : Math.max(ledger.blockedUntilMs ?? 0, blockedUntilMs),
    halvedUntilMs: limit === "login_limit" ? limitedUntilMs : ledger.halvedUntilMs,
  };
};
