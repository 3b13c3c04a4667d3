import { type Clock, DAY, HOUR, MINUTE } from "../../clock.ts";
import type { Limits } from "../../mail-servers/limits.ts";
import type { QuotaLedger } from "../message.ts";

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
  promised: [],
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
      // Not in order where the clocks of two instances differ.
      const atMs = Math.max(last.atMs, entry.atMs);
      merged[merged.length - 1] = { atMs, recipients: last.recipients + entry.recipients };
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

/** Promises that stand: one that nobody came for (called back, held by a pause, its worker gone) lapses as it would leave the minute. */
const standing = (clock: Windows, { promised }: QuotaLedger): QuotaLedger["promised"] =>
  promised.filter(({ atMs }) => atMs > clock.nowMs() - clock.lasting(MINUTE));

interface Wanted {
  readonly limits: Limits;
  readonly wanted: number;
  readonly nowMs: number;
}

/** When there will be room for so many recipients, by what was counted alone; null: there is now. */
const countedRoom = (clock: Windows, ledger: QuotaLedger, demand: Wanted): number | null => {
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

/** The same, where what was promised is taken already. */
const earliestRoom = (clock: Windows, ledger: QuotaLedger, demand: Wanted): number | null => {
  const entries = [...ledger.entries, ...standing(clock, ledger)].toSorted((a, b) => a.atMs - b.atMs);
  return countedRoom(clock, { ...ledger, entries }, demand);
};

/** Could so many recipients go now, were it not for a line? A line that has not been let go yet may outlast the limit that it waited for. */
export const hasRoomNow = (
  clock: Windows,
  ledger: QuotaLedger,
  { limits, wanted }: Pick<Wanted, "limits" | "wanted">,
): boolean => earliestRoom(clock, ledger, { limits, wanted, nowMs: clock.nowMs() }) === null;

export interface Waiting {
  readonly id: string;
  readonly createdAtMs: number;
  readonly recipients: number;
}

/** Who of a line may go. */
export interface Turn {
  readonly going: readonly string[];
  /** When the next one may; null: nobody is left. */
  readonly nextMs: number | null;
  /** The ledger with what they were promised, and the line as it then stands. */
  readonly after: QuotaLedger;
}

/**
 * Promises room to those that wait (`line`, oldest first), each its own: as long as a promise stands nobody else gets that room, so that neither two
 * ticks at once nor one that comes before the last one's messages were claimed let more go than there is room for, who would then take it from
 * their elders. `aheadMs`: room that opens so soon is promised already. `more`: others wait behind the line.
 */
export const promisedRoom = (
  clock: Windows,
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
  let after: QuotaLedger = { ...ledger, promised: standing(clock, ledger) };
  for (const { id, createdAtMs, recipients } of plan.line) {
    // Where a tick died between the promise and the release, the promise is kept.
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

/** When a message has room; null: now. One that was promised room waits for its own, though another's stood open, and passes the line. */
const roomFor = (clock: Windows, ledger: QuotaLedger, demand: Demand): number | null => {
  const { atMs: nowMs, id, recipients: wanted, limits } = demand;
  const promise = standing(clock, ledger).find((one) => one.id === id);
  if (promise === undefined) return earliestRoom(clock, ledger, { limits, wanted, nowMs });
  const roomMs = countedRoom(clock, ledger, { limits, wanted, nowMs });
  return promise.atMs > nowMs ? Math.max(promise.atMs, roomMs ?? 0) : roomMs;
};

/** Is there room for a message? Oldest first: one that is younger than the oldest that waits, waits too. */
export const reserved = (clock: Windows, kept: QuotaLedger, demand: Demand): Reservation => {
  const { atMs: nowMs, id, createdAtMs, recipients, limits, untilMs } = demand;
  const promised = standing(clock, kept);
  const others = promised.filter((promise) => promise.id !== id);
  const mayPass = others.length < promised.length || kept.lineSinceMs === null || createdAtMs <= kept.lineSinceMs;
  if (!mayPass) return { kind: "full", after: kept, untilMs: null };
  const roomMs = roomFor(clock, kept, demand);
  const ledger = { ...kept, promised: others };
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

/** The limits of its own that Gmail speaks of in a refusal. */
export type NamedLimit = "daily_limit" | "rate_limit" | "login_limit";

/** How long an account is left alone after a limit that Gmail named. Nominal. */
const BLOCKED_MS: Readonly<Record<NamedLimit, number>> = { daily_limit: HOUR, rate_limit: MINUTE, login_limit: 0 };
/** How long its sessions are halved after too many logins. Nominal. */
const HALVED_MS = HOUR;

/** What a claim came to, as far as the ledger is concerned. */
export interface Correction {
  readonly id: string;
  readonly claimedAtMs: number;
  /** Recipients that were counted and not reached. */
  readonly unsent: number;
  readonly limit: NamedLimit | null;
  /** Gmail took the mail, so it does not refuse the account (any more). */
  readonly taken?: boolean;
  /** When Gmail wants to be asked again, nominal milliseconds from now: it would tell the server's other messages the same. */
  readonly retryAfterMs?: number | null;
}

/** The claim is over: its place is free, what was not sent is given back, and a limit that Gmail named is heeded by the server's other messages. */
export const corrected = (clock: Windows, ledger: QuotaLedger, correction: Correction): QuotaLedger => {
  const { id, claimedAtMs, unsent, limit, taken = false, retryAfterMs = null } = correction;
  const blockedMs = Math.max(retryAfterMs ?? 0, limit === null ? 0 : BLOCKED_MS[limit]);
  const blockedUntilMs = blockedMs === 0 ? null : clock.nowMs() + clock.lasting(blockedMs);
  return {
    ...ledger,
    live: ledger.live.filter((claim) => claim.id !== id),
    // A claim that ended a day late counts no more: what is there is others'.
    entries:
      claimedAtMs <= clock.nowMs() - clock.lasting(DAY) ? ledger.entries : reduced(ledger.entries, claimedAtMs, unsent),
    blockedUntilMs:
      blockedUntilMs === null ? ledger.blockedUntilMs : Math.max(ledger.blockedUntilMs ?? 0, blockedUntilMs),
    halvedUntilMs: limit === "login_limit" ? clock.nowMs() + clock.lasting(HALVED_MS) : ledger.halvedUntilMs,
    ...(taken && ledger.refusals !== undefined && { refusals: 0 }),
  };
};
