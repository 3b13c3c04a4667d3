import { type Clock, DAY, HOUR } from "../../clock.ts";
import { isId, type Randomness } from "../../randomness.ts";
import { addNumbers } from "../../record-sums.ts";
import type { Write } from "../../records.ts";
import { COUNTED, type Counted, type Counts, type HourCounts } from "./counted.ts";

declare module "../../record-kinds.ts" {
  interface RecordKinds {
    /** The id is `<scope>.<yyyy-mm>.<lane>`. */
    tallies: Tally;
  }
}

/** A month's counts of a server, or of all. Several records (lanes) of one month are added up. */
export interface Tally {
  /** A server's id, or `all`. */
  readonly scope: string;
  /** The start of the month, in UTC. */
  readonly monthMs: number;
  /** By `<dd><hh>_<what>`. */
  readonly counts: Readonly<Record<string, number>>;
  readonly eraseAtMs: number;
}

export const ALL_SERVERS = "all";

/** How long counts are kept, from the end of their month. Nominal. */
export const KEPT_MS = 400 * DAY;

/**
 * How many records share the counts of one month, since Firestore takes about one write a second to a document for
 * long. Readers add up whatever lanes there are, so these may be raised at any time.
 */
const LANES = { server: 4, all: 8 } as const;

export const hourOf = (atMs: number): number => Math.floor(atMs / HOUR) * HOUR;

export const monthOf = (atMs: number): number => {
  const date = new Date(atMs);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
};

const nextMonth = (monthMs: number): number => monthOf(monthMs + 31 * DAY);

const twoDigits = (value: number): string => String(value).padStart(2, "0");

const keyOf = (hourMs: number, what: string): string => {
  const date = new Date(hourMs);
  return `${twoDigits(date.getUTCDate())}${twoDigits(date.getUTCHours())}_${what}`;
};

const KEY = /^(\d\d)(\d\d)_(\w+)$/;

const isCounted = (text: string | undefined): text is Counted => COUNTED.some((one) => one === text);

/** Reads a tally hour by hour; what a later release counts is left out. */
export const hoursOf = ({ monthMs, counts }: Tally): readonly HourCounts[] =>
  Object.entries(counts).flatMap(([key, by]) => {
    const [, day, hour, what] = KEY.exec(key) ?? [];
    if (!isCounted(what)) return [];
    return [{ hourMs: monthMs + (Number(day) - 1) * DAY + Number(hour) * HOUR, counts: { [what]: by } }];
  });

const countsSomething = ({ counts }: HourCounts): boolean => Object.values(counts).some((by) => by !== 0);

/** Adds up the counts of each hour, and leaves out what comes to nothing. */
export const addUp = (parts: readonly HourCounts[]): readonly HourCounts[] => {
  const counting = parts.filter(countsSomething);
  // Most moves count nothing.
  if (counting.length === 0) return [];
  const byHour = new Map<number, Counts>();
  for (const { hourMs, counts } of counting) {
    const others = byHour.get(hourMs);
    byHour.set(hourMs, others === undefined ? counts : addNumbers(others, counts));
  }
  return [...byHour].flatMap(([hourMs, counts]) => {
    const left = Object.entries(counts).filter(([, by]) => by !== 0);
    return left.length === 0 ? [] : [{ hourMs, counts: Object.fromEntries(left) }];
  });
};

interface TallyDeps {
  readonly clock: Pick<Clock, "lasting">;
  readonly random: Pick<Randomness, "fraction">;
}

const tallyWrite = (
  deps: TallyDeps,
  scope: string,
  { monthMs, hours }: { readonly monthMs: number; readonly hours: readonly HourCounts[] },
): Write => {
  const lanes = scope === ALL_SERVERS ? LANES.all : LANES.server;
  const lane = Math.floor(deps.random.fraction() * lanes);
  const month = new Date(monthMs).toISOString().slice(0, "2026-11".length);
  const counts = hours.flatMap((hour) =>
    Object.entries(hour.counts).map(([what, by]) => [keyOf(hour.hourMs, what), by]),
  );
  return {
    op: "add",
    kind: "tallies",
    id: `${scope}.${month}.${lane}`,
    value: {
      scope,
      monthMs,
      counts: Object.fromEntries(counts),
      eraseAtMs: nextMonth(monthMs) + deps.clock.lasting(KEPT_MS),
    },
  };
};

/**
 * The writes that count these hours for a server and for all. They need nothing to be unchanged, so they fail no
 * commit; each must be in the commit of what it counts, and there only once. A message refused on the topic may name
 * no server.
 */
export const tallyWrites = (deps: TallyDeps, serverId: string, parts: readonly HourCounts[]): readonly Write[] => {
  const hours = addUp(parts);
  if (hours.length === 0) return [];
  const months = [...new Set(hours.map(({ hourMs }) => monthOf(hourMs)))];
  const scopes = isId("srv", serverId) ? [serverId, ALL_SERVERS] : [ALL_SERVERS];
  return scopes.flatMap((scope) =>
    months.map((monthMs) => {
      const ofMonth = hours.filter(({ hourMs }) => monthOf(hourMs) === monthMs);
      return tallyWrite(deps, scope, { monthMs, hours: ofMonth });
    }),
  );
};
