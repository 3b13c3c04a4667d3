import { type Clock, DAY, HOUR, MINUTE } from "../clock.ts";
import { type Limits, limitsOf } from "../mail-servers/limits.ts";
import type { MailServer } from "../mail-servers/mail-server.ts";
import type { Records, Versioned, Write } from "../records.ts";
import type { QuotaLedger } from "./message.ts";

/**
 * Recipients per server in a rolling minute and rolling 24 hours. A claim counts them in the same commit that claims the message; what did not
 * happen is given back afterwards. A crash in between leaves a few counted too many for a day, never too few.
 */

type Windows = Pick<Clock, "nowMs" | "lasting">;
type Entry = QuotaLedger["entries"][number];

const EMPTY: QuotaLedger = { entries: [], blockedUntilMs: null, warnedAtMs: null };
const WARN_AT = 0.9;

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

const earliestRoom = (
  clock: Windows,
  ledger: QuotaLedger,
  demand: { limits: Limits; wanted: number },
): number | null => {
  const nowMs = clock.nowMs();
  const { limits, wanted } = demand;
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

/** A ledger as a releaser plans with it: `take` counts recipients as if they left now, or says when there will be room. Writes nothing. */
export interface Room {
  take(recipients: number): { readonly fits: true } | { readonly fits: false; readonly untilMs: number };
}

export const readRoom = async (
  deps: { readonly records: Records; readonly clock: Windows },
  server: { readonly id: string; readonly value: MailServer },
): Promise<Room> => {
  const kept = await deps.records.get("quotas", server.id);
  const limits = limitsOf(server.value);
  let ledger = kept?.value ?? EMPTY;
  return {
    take: (wanted) => {
      const untilMs = earliestRoom(deps.clock, ledger, { limits, wanted });
      if (untilMs !== null) return { fits: false, untilMs };
      ledger = { ...ledger, entries: [...ledger.entries, { atMs: deps.clock.nowMs(), recipients: wanted }] };
      return { fits: true };
    },
  };
};

export type Reservation =
  | {
      readonly kind: "room";
      /** Goes into the commit of the claim. */
      readonly write: Write;
      /** The day's count has just passed 90 %. */
      readonly warn: boolean;
    }
  | { readonly kind: "full"; readonly untilMs: number };

/** Is there room for so many recipients? Reads, and leaves the writing to the caller's commit. */
export const reserve = async (
  deps: { readonly records: Records; readonly clock: Windows },
  server: { readonly id: string; readonly value: MailServer },
  demand: Entry,
): Promise<Reservation> => {
  const { clock } = deps;
  const { atMs: nowMs, recipients: wanted } = demand;
  const kept: Versioned<QuotaLedger> | undefined = await deps.records.get("quotas", server.id);
  const ledger = kept?.value ?? EMPTY;
  const limits = limitsOf(server.value);
  const untilMs = earliestRoom(clock, ledger, { limits, wanted });
  if (untilMs !== null) return { kind: "full", untilMs };
  const entries = compacted(clock, [...ledger.entries, demand]);
  const warnedLately = ledger.warnedAtMs !== null && ledger.warnedAtMs > nowMs - clock.lasting(DAY);
  const warn = !warnedLately && sum(entries) >= limits.perDay * WARN_AT;
  const value = { ...ledger, entries, warnedAtMs: warn ? nowMs : ledger.warnedAtMs };
  const at = { kind: "quotas", id: server.id, value } as const;
  const write: Write = kept === undefined ? { op: "create", ...at } : { op: "replace", version: kept.version, ...at };
  return { kind: "room", write, warn };
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

/** How long an account is left alone after Gmail spoke of a limit. Nominal. */
const BLOCK_MS = { daily_limit: HOUR, login_limit: 10 * MINUTE } as const;
const TRIES = 10;

/**
 * After a try: gives back what was not sent, and keeps the server's other messages from running into a limit that Gmail has just named.
 * Gives up silently after some lost races, and then counts too many rather than too few. Throws `Unavailable`.
 */
export const correctLedger = async (
  deps: { readonly records: Records; readonly clock: Clock },
  serverId: string,
  correction: {
    readonly claimedAtMs: number;
    readonly unsent: number;
    readonly limit: keyof typeof BLOCK_MS | null;
  },
): Promise<void> => {
  const { claimedAtMs, unsent, limit } = correction;
  if (unsent === 0 && limit === null) return;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const kept = await deps.records.get("quotas", serverId);
    if (kept === undefined) return;
    const blockedUntilMs =
      limit === null ? kept.value.blockedUntilMs : deps.clock.nowMs() + deps.clock.lasting(BLOCK_MS[limit]);
    const value = { ...kept.value, blockedUntilMs, entries: reduced(kept.value.entries, claimedAtMs, unsent) };
    const { id, version } = kept;
    const outcome = await deps.records.commit([{ op: "replace", kind: "quotas", id, version, value }]);
    if (outcome.done) return;
  }
};
