import type { StatsRow } from "../../api/types.ts";

/** What became of mail, as a chart shows it. Each message is in one of them. */
export const SERIES = ["sent", "partly", "failed"] as const;
export type Series = (typeof SERIES)[number];
export interface Counts extends Readonly<Record<Series, number>> {
  /** How many of `failed` have expired, which have a status of their own. */
  readonly expired: number;
}

/** An hour or a day of a chart. */
export interface Bar extends Counts {
  /** When it starts. */
  readonly at: Date;
}

const NOTHING: Counts = { sent: 0, partly: 0, failed: 0, expired: 0 };

/** Who got no mail because a refusal came from one of several is `partly`; an expired mail has failed its reader. */
const countsOf = ({ sent, refused, failed, expired }: StatsRow): Counts => ({
  sent: sent - refused,
  partly: refused,
  failed: failed + expired,
  expired,
});

export const add = (a: Counts, b: Counts): Counts => ({
  sent: a.sent + b.sent,
  partly: a.partly + b.partly,
  failed: a.failed + b.failed,
  expired: a.expired + b.expired,
});

export const totalOf = ({ sent, partly, failed }: Counts): number => sent + partly + failed;

export const sumOf = (bars: readonly Counts[]): Counts => bars.reduce<Counts>(add, NOTHING);

/** How many have the status `failed`, as a list of them shows. */
export const failedIn = (bars: readonly Counts[]): number => {
  const { failed, expired } = sumOf(bars);
  return failed - expired;
};

/** Midnight in the reader's time zone, so many days later. */
export const dayStart = (now: Date, later: number): Date =>
  new Date(now.getFullYear(), now.getMonth(), now.getDate() + later);

/** The starts of the last `days` days, today's as the last one, and tomorrow's as the end. */
const dayStarts = (now: Date, days: number): readonly Date[] =>
  Array.from({ length: days + 1 }, (_, at) => dayStart(now, at - days + 1));

/** Each hour of the reader's day; one with a change of the clock has 23 or 25. */
const hourStarts = (now: Date): readonly Date[] => {
  const [start, end] = [dayStart(now, 0).getTime(), dayStart(now, 1).getTime()];
  const count = Math.round((end - start) / 3_600_000);
  return Array.from({ length: count + 1 }, (_, at) => new Date(start + at * 3_600_000));
};

/**
 * Adds up the hours of `GET /v1/stats` between each start and the next. An hour in UTC belongs to where it starts: in a
 * zone with half hours, half an hour may fall to the bar before.
 */
const barsBetween = (starts: readonly Date[], rows: readonly StatsRow[]): readonly Bar[] => {
  const hours = rows.map((row) => ({ atMs: Date.parse(row.at), counts: countsOf(row) }));
  return starts.slice(0, -1).map((at, index) => {
    const end = starts[index + 1]?.getTime() ?? 0;
    const within = hours.filter(({ atMs }) => atMs >= at.getTime() && atMs < end);
    return { at, ...sumOf(within.map(({ counts }) => counts)) };
  });
};

export const DAYS = 14;

export const byDay = (rows: readonly StatsRow[], now: Date): readonly Bar[] => barsBetween(dayStarts(now, DAYS), rows);
export const byHour = (rows: readonly StatsRow[], now: Date): readonly Bar[] => barsBetween(hourStarts(now), rows);
