import { type Clock, DAY, HOUR, MINUTE } from "../../clock.ts";
import type { Limits } from "../../mail-servers/limits.ts";
import type { QuotaLedger } from "../message.ts";

/**
 * Computes a server's ledger: recipients in a rolling minute and rolling 24 hours, claims under way, and the line of
 * messages that wait for room. Everything here is pure; `ledger.ts` reads and writes the ledger.
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
const WARN_AT = 0.9;
/** The most claims of one account at once, over all instances: Gmail answers too many sessions with `454 4.7.0`. */
const MOST_LIVE = 8;

const sum = (entries: readonly Entry[]): number => entries.reduce((total, { recipients }) => total + recipients, 0);

/**
 * Drops entries that no longer count and merges those older than a minute by minutes. A merged entry takes the latest
 * of its times, so it counts for up to a minute too long and never too short.
 */
const compact = (clock: LedgerClock, entries: readonly Entry[]): readonly Entry[] => {
  const nowMs = clock.nowMs();
  const minuteMs = clock.lasting(MINUTE);
  const merged: Entry[] = [];
  for (const entry of entries) {
    if (entry.atMs <= nowMs - clock.lasting(DAY) || entry.recipients <= 0) continue;
    const last = merged.at(-1);
    const old = entry.atMs <= nowMs - minuteMs;
    const sameBin = last !== undefined && Math.floor(last.atMs / minuteMs) === Math.floor(entry.atMs / minuteMs);
    if (old && last !== undefined && sameBin) {
      // Entries may be out of order, because the clocks of two instances may differ.
      const atMs = Math.max(last.atMs, entry.atMs);
      merged[merged.length - 1] = { atMs, recipients: last.recipients + entry.recipients };
    } else merged.push(entry);
  }
  return merged;
};

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
const standingPromises = (clock: LedgerClock, { promised }: QuotaLedger): QuotaLedger["promised"] =>
  promised.filter(({ atMs }) => atMs > clock.nowMs() - clock.lasting(MINUTE));

interface Wanted {
  readonly limits: Limits;
  readonly wanted: number;
  readonly nowMs: number;
}

/** Finds when there is room for so many recipients, by what was counted alone; null if there is room now. */
const countedRoom = (clock: LedgerClock, ledger: QuotaLedger, demand: Wanted): number | null => {
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
const earliestRoom = (clock: LedgerClock, ledger: QuotaLedger, demand: Wanted): number | null => {
  const entries = [...ledger.entries, ...standingPromises(clock, ledger)].toSorted((a, b) => a.atMs - b.atMs);
  return countedRoom(clock, { ...ledger, entries }, demand);
};

/** Checks for room regardless of the line, which may outlast the limit that it waits for until a tick releases it. */
export const hasRoomNow = (
  clock: LedgerClock,
  ledger: QuotaLedger,
  { limits, wanted }: Pick<Wanted, "limits" | "wanted">,
): boolean => earliestRoom(clock, ledger, { limits, wanted, nowMs: clock.nowMs() }) === null;

export interface Waiting {
  readonly id: string;
  readonly createdAtMs: number;
  readonly recipients: number;
}

/** Which messages of a line may go. */
export interface Turn {
  readonly going: readonly string[];
  /** When the next one may go; null if none is left. */
  readonly nextMs: number | null;
  /** The ledger with their promises, and the line as it then stands. */
  readonly after: QuotaLedger;
}

/**
 * Promises room to each message of `line` (oldest first). Nobody else gets that room while the promise stands:
 * otherwise two ticks, or one that runs before the released messages are claimed, could release more than fit, and the
 * younger could overtake. Room that opens within `aheadMs` is promised now. With `more`, others wait behind the line.
 */
export const promiseRoom = (
  clock: LedgerClock,
  ledger: QuotaLedger,
  plan: {
    readonly line: readonly Waiting[];
    readonly more: boolean;
    readonly limits: Limits;
    readonly aheadMs: number;
  },
): Turn => {
  const nowMs = clock.nowMs();
  const going: string[] = [];
  let after: QuotaLedger = { ...ledger, promised: standingPromises(clock, ledger) };
  for (const { id, createdAtMs, recipients } of plan.line) {
    // If a tick died between the promise and the release, its promise still stands.
    if (!after.promised.some((promise) => promise.id === id)) {
      const untilMs = earliestRoom(clock, after, { limits: plan.limits, wanted: recipients, nowMs });
      if (untilMs !== null && untilMs > nowMs + plan.aheadMs) {
        return { going, nextMs: untilMs, after: { ...after, lineSinceMs: createdAtMs } };
      }
      after = { ...after, promised: [...after.promised, { id, atMs: untilMs ?? nowMs, recipients }] };
    }
    going.push(id);
  }
  const last = plan.more ? plan.line.at(-1) : undefined;
  return {
    going,
    nextMs: last === undefined ? null : nowMs,
    after: { ...after, lineSinceMs: last?.createdAtMs ?? null },
  };
};

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
}

export type Reservation =
  /** `after` is the ledger with the claim in it; `warn` says that the day's count has just passed 90 %. */
  | { readonly kind: "room"; readonly after: QuotaLedger; readonly warn: boolean }
  /** There is no room before `untilMs`; null if it must queue behind others. `after` holds its place in the line. */
  | { readonly kind: "full"; readonly after: QuotaLedger; readonly untilMs: number | null }
  /** The account has the most claims under way that it may have. */
  | { readonly kind: "busy" };

/** Adds a message to the line, which begins with the oldest. */
const joinLine = (ledger: QuotaLedger, createdAtMs: number): QuotaLedger => ({
  ...ledger,
  lineSinceMs: Math.min(ledger.lineSinceMs ?? createdAtMs, createdAtMs),
});

const isBusy = (ledger: QuotaLedger, nowMs: number): boolean => {
  const most = (ledger.halvedUntilMs ?? 0) > nowMs ? MOST_LIVE / 2 : MOST_LIVE;
  return ledger.live.filter(({ untilMs }) => untilMs > nowMs).length >= most;
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
  if (isBusy(ledger, nowMs)) return { kind: "busy" };
  const entries = compact(clock, [...ledger.entries, { atMs: nowMs, recipients }]);
  const live = [...ledger.live.filter((claim) => claim.untilMs > nowMs && claim.id !== id), { id, untilMs }];
  const warnedLately = ledger.warnedAtMs !== null && ledger.warnedAtMs > nowMs - clock.lasting(DAY);
  const warn = !warnedLately && sum(entries) >= limits.perDay * WARN_AT;
  return { kind: "room", warn, after: { ...ledger, entries, live, warnedAtMs: warn ? nowMs : ledger.warnedAtMs } };
};

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
