import type { Principal } from "../../access/records.ts";
import { type Clock, DAY, HOUR, isoTime } from "../../clock.ts";
import { everyPage, listRecords } from "../../every-record.ts";
import { fieldProblem } from "../../field-problems.ts";
import { idsInReach, outOfReach } from "../../mail-servers/server-access.ts";
import { invalidRequest } from "../../problem.ts";
import { isId } from "../../randomness.ts";
import { addNumbers } from "../../record-sums.ts";
import type { Records } from "../../records.ts";
import { fail, ok, type Result } from "../../result.ts";
import { findServer } from "../accept/choose-server.ts";
import { COUNTED, type Counted, type Counts, type HourCounts } from "../stats/counted.ts";
import { ALL_SERVERS, hoursOf, monthOf } from "../stats/tally.ts";

export const STATS_STEPS = { hour: HOUR, day: DAY } as const;
export type StatsStep = keyof typeof STATS_STEPS;

export interface StatsWanted {
  readonly by: StatsStep;
  /** The first row is that of the hour or day of this instant; null means `USUAL_ROWS` before the end. */
  readonly fromMs: number | null;
  /** The last row is that of the instant before this one; null means now. */
  readonly toMs: number | null;
  /** Id or name of a mail server; null for all that the person may see. */
  readonly server: string | null;
}

/** What became of mail in the hour or day (UTC) that starts at `at`. STATS.md says what each number counts. */
export type StatsRow = {
  readonly at: string;
  /** The id of the mail server; absent if all are added up. */
  readonly server?: string;
} & Readonly<Record<Counted, number>>;

export interface StatsView {
  /** Oldest first, a row for every hour or day, also if nothing happened. */
  readonly items: readonly StatsRow[];
}

export const MOST_ROWS = 400;
const USUAL_ROWS = { hour: 24, day: 30 } as const satisfies Record<StatsStep, number>;

interface Rows {
  readonly startMs: number;
  readonly stepMs: number;
  readonly count: number;
}

const rowsOf = ({ by, fromMs, toMs }: StatsWanted, nowMs: number): Result<Rows> => {
  const stepMs = STATS_STEPS[by];
  const startOf = (atMs: number): number => Math.floor(atMs / stepMs) * stepMs;
  // The usual end is behind this instant, so that the row of now is the last one.
  const endMs = toMs ?? nowMs + 1;
  const startMs = fromMs === null ? startOf(endMs - 1) - (USUAL_ROWS[by] - 1) * stepMs : startOf(fromMs);
  if (endMs <= (fromMs ?? startMs)) return fail(invalidRequest(fieldProblem("/to", "not_after_from")));
  const count = Math.ceil((endMs - startMs) / stepMs);
  return count > MOST_ROWS
    ? fail(invalidRequest(fieldProblem("/from", "too_many_rows", { most: MOST_ROWS })))
    : ok({ startMs, stepMs, count });
};

const endOf = ({ startMs, stepMs, count }: Rows): number => startMs + count * stepMs;

/** About a month of every lane. */
const PAGE = 16;

const readTallies = async (records: Records, scope: string, rows: Rows): Promise<readonly HourCounts[]> => {
  const hours: HourCounts[] = [];
  const firstMonthMs = monthOf(rows.startMs);
  for await (const page of everyPage(records, "talliesOf", { scope, upTo: endOf(rows) - 1 }, { page: PAGE })) {
    const wanted = page.filter(({ value }) => value.monthMs >= firstMonthMs);
    hours.push(...wanted.flatMap(({ value }) => hoursOf(value)));
    if (wanted.length < page.length) break;
  }
  return hours;
};

/** How many ledgers are read for counts that have not moved to the tallies; with more servers, sums lag by an hour. */
const MOST_LEDGERS = 200;

const readLedgers = async (records: Records, scope: string): Promise<readonly HourCounts[]> => {
  const ledgers =
    scope === ALL_SERVERS
      ? await listRecords(records, "talliesDue", { upTo: Number.MAX_SAFE_INTEGER }, { most: MOST_LEDGERS })
      : [await records.get("quotas", scope)];
  return ledgers.flatMap((ledger) => ledger?.value.tally ?? []);
};

/** Reads the tallies first: what moves meanwhile is missing for a moment, and never counted twice. */
const readScope = async (records: Records, scope: string, rows: Rows): Promise<readonly HourCounts[]> => [
  ...(await readTallies(records, scope, rows)),
  ...(await readLedgers(records, scope)),
];

const rowAt = (atMs: number, counts: Counts, server: string | null): StatsRow => {
  // A sum that lags may hold what was taken back, and not yet what it was taken back from.
  const shown = COUNTED.map((name): [Counted, number] => [name, Math.max(0, counts[name] ?? 0)]);
  const numbers = Object.fromEntries(shown) as Record<Counted, number>;
  return { at: isoTime(atMs), ...(server !== null && { server }), ...numbers };
};

const viewOf = (hours: readonly HourCounts[], rows: Rows, server: string | null): StatsView => {
  const sums = new Map<number, Counts>();
  for (const { hourMs, counts } of hours) {
    const at = Math.floor((hourMs - rows.startMs) / rows.stepMs);
    sums.set(at, addNumbers(sums.get(at) ?? {}, counts));
  }
  const items = Array.from({ length: rows.count }, (_, at) =>
    rowAt(rows.startMs + at * rows.stepMs, sums.get(at) ?? {}, server),
  );
  return { items };
};

/** Finds a server by id or name. The id of a deleted one stays valid as long as something is counted for it. */
const findServerId = async (records: Records, server: string): Promise<string | undefined> => {
  const found = await findServer(records, server);
  if (found !== undefined || !isId("srv", server)) return found?.id;
  const args = { scope: server, upTo: Number.MAX_SAFE_INTEGER };
  return (await listRecords(records, "talliesOf", args, { most: 1 })).length === 0 ? undefined : server;
};

/**
 * Tells what became of mail, by hour or day. Operators see all servers added up, members their own; a server that is
 * not the member's is `not_found`. `invalid_request` for a server that does not exist, or a time that gives no row or
 * more than `MOST_ROWS`. Reads a few records a month, however many messages there are. Throws `Unavailable`.
 */
export const readStats = async (
  { records, clock }: { readonly records: Records; readonly clock: Pick<Clock, "nowMs"> },
  principal: Principal,
  wanted: StatsWanted,
): Promise<Result<StatsView>> => {
  const rows = rowsOf(wanted, clock.nowMs());
  if (!rows.ok) return rows;
  const visible = await idsInReach(records, principal);
  const serverId = wanted.server === null ? null : await findServerId(records, wanted.server);
  if (serverId !== null && visible !== null && (serverId === undefined || !visible.has(serverId)))
    return fail(outOfReach(principal));
  if (serverId === undefined) return fail(invalidRequest(fieldProblem("/server", "no_such_server")));
  const scopes = serverId === null ? (visible ?? [ALL_SERVERS]) : [serverId];
  const hours = await Promise.all([...scopes].map((scope) => readScope(records, scope, rows.value)));
  return ok(viewOf(hours.flat(), rows.value, serverId));
};
