import type { ApiResult } from "../../api/failure.ts";
import type { StatsRow } from "../../api/types.ts";
import { api } from "../../state/api.ts";
import { useLazy } from "../../state/lazy.tsx";
import { useRemote } from "../../state/remote.ts";
import { Loading } from "../../widgets/remote-view.tsx";
import { byDay, byHour, DAYS, dayStart } from "./figures.ts";
import { type Load, Tiles, type Waiting } from "./tiles.tsx";

const REFRESH_MS = 20_000;
/** Counting goes on by reading messages, so it stops where a person would no longer count either. */
const MOST_WAITING = 50;
/** Each asks for its own use; with many mail servers, the page of all of them is the place to look. */
const MOST_SERVERS = 8;

/** Waiting because something must happen first; scheduled messages wait for their time, as someone wanted. */
const WAITING = ["queued", "held", "deferred"] as const;

interface Figures {
  readonly rows: readonly StatsRow[];
  readonly waiting: Waiting;
  readonly load: Load | null;
}

const readWaiting = async (signal: AbortSignal): Promise<Waiting> => {
  const lists = await Promise.all(
    WAITING.map(async (status) => {
      const list = await api.messages.list({ status, limit: MOST_WAITING }, signal);
      return list.ok
        ? { status, count: list.value.items.length, isMore: list.value.next !== null }
        : { status, count: 0, isMore: false };
    }),
  );
  const [most] = lists.toSorted((a, b) => b.count - a.count);
  return {
    count: lists.reduce((all, { count }) => all + count, 0),
    isMore: lists.some(({ isMore }) => isMore),
    mostly: most === undefined || most.count === 0 ? "held" : most.status,
  };
};

const readLoad = async (signal: AbortSignal): Promise<Load | null> => {
  const listed = await api.servers.list(signal);
  const servers = listed.ok ? listed.value.items.filter(({ active }) => active) : [];
  if (servers.length === 0 || servers.length > MOST_SERVERS) return null;
  const loads = await Promise.all(
    servers.map(async (server): Promise<Load[]> => {
      const usage = await api.servers.usage(server.id, signal);
      return usage.ok ? [{ server, share: usage.value.lastDay / server.limits.perDay }] : [];
    }),
  );
  return loads.flat().toSorted((a, b) => b.share - a.share)[0] ?? null;
};

const read = async (signal: AbortSignal): Promise<ApiResult<Figures>> => {
  const from = dayStart(new Date(), 1 - DAYS).toISOString();
  const [stats, waiting, load] = await Promise.all([
    api.stats({ from, by: "hour" }, signal),
    readWaiting(signal),
    readLoad(signal),
  ]);
  return stats.ok ? { ok: true, value: { rows: stats.value.items, waiting, load } } : stats;
};

/** The tiles and charts. Shows nothing if they cannot be read. */
export const FiguresSection = () => {
  const { remote } = useRemote("figures", read, { everyMs: REFRESH_MS });
  const Charts = useLazy(async () => (await import("./charts.tsx")).Charts);
  if (remote.phase === "loading" || Charts === undefined) return <Loading />;
  if (remote.phase === "failed") return null;
  const { rows, waiting, load } = remote.value;
  const now = new Date();
  const days = byDay(rows, now);
  return (
    <>
      <Tiles days={days} waiting={waiting} load={load} />
      {Charts && <Charts days={days} hours={byHour(rows, now)} />}
    </>
  );
};
