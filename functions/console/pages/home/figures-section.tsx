import type { ApiResult } from "../../api/failure.ts";
import type { StatsRow } from "../../api/types.ts";
import { api } from "../../state/api.ts";
import { useLazy } from "../../state/lazy.tsx";
import { useRemote } from "../../state/remote.ts";
import { Loading } from "../../widgets/remote-view.tsx";
import { byDay, byHour, DAYS, dayStart } from "./figures.ts";
import { type Load, Tiles } from "./tiles.tsx";
import { readWaiting, type Waiting } from "./waiting.ts";

const REFRESH_MS = 20_000;
/** Each asks for its own use; with many mail servers, the page of all of them is the place to look. */
const MOST_SERVERS = 8;

interface Figures {
  readonly rows: readonly StatsRow[];
  readonly waiting: Waiting | null;
  readonly load: Load | null;
}

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
    readWaiting((query) => api.messages.list(query, signal)),
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
