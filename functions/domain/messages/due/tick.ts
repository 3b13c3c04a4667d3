import { SECOND } from "../../clock.ts";
import type { MailServer } from "../../mail-servers/mail-server.ts";
import { Unavailable } from "../../problem.ts";
import { readSettings } from "../../settings/read-settings.ts";
import type { Settings } from "../../settings/settings.ts";
import type { Part } from "../../shards.ts";
import type { MoveDeps } from "../delivery-deps.ts";
import type { Waiting } from "../limits/promise-room.ts";

/** The number of failed messages after which the tick takes the store to be down. */
const MOST_UNAVAILABLE = 8;
/** How long a tick releases messages as room opens: just under a minute, when the next one starts. Nominal. */
const TICK_MS = 57.5 * SECOND;

/** How many recipients of a server a tick has let go, and how many it has put in line behind them. */
export interface Pace {
  going: number;
  lined: number;
}

/** One run over what is due, or over a part of it. */
export interface Tick {
  readonly settings: Settings;
  /** Reads each server once a tick. */
  readonly server: (id: string) => Promise<MailServer | undefined>;
  /** Due messages that wait for room, by server, handled last. They may be many thousands, so bodies are left out. */
  readonly limited: Map<string, Waiting[]>;
  readonly pace: Map<string, Pace>;
  /** The part that this run reads; null for all. */
  readonly part: Part | null;
  readonly startedAtMs: number;
  /** When this tick stops and leaves the rest to the next one. */
  readonly endsAtMs: number;
  /** How often the store was unavailable. */
  unavailable: number;
}

const cacheServers = (deps: MoveDeps): Tick["server"] => {
  const known = new Map<string, Promise<MailServer | undefined>>();
  return (id) => {
    const server = known.get(id) ?? deps.records.get("mailServers", id).then((found) => found?.value);
    known.set(id, server);
    return server;
  };
};

export const beginTick = async (deps: MoveDeps, part: Part | null): Promise<Tick> => {
  const settings = await readSettings(deps.records, deps.environment);
  const startedAtMs = deps.clock.nowMs();
  return {
    settings: settings.value,
    server: cacheServers(deps),
    limited: new Map(),
    pace: new Map(),
    part,
    startedAtMs,
    endsAtMs: startedAtMs + deps.clock.lasting(TICK_MS),
    unavailable: 0,
  };
};

/**
 * Logs a failure with one message or server, so that it does not stop the others; the next tick tries again. Throws
 * `Unavailable` once the store has failed so often that it must be down.
 */
export const runIsolated = async (
  deps: MoveDeps,
  tick: Tick,
  { about, act }: { readonly about: Readonly<Record<string, string>>; readonly act: () => Promise<unknown> },
): Promise<void> => {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof Unavailable)) return deps.log.error("dispatch_defect", about, error);
    tick.unavailable += 1;
    if (tick.unavailable > MOST_UNAVAILABLE) throw error;
    deps.log.error("dispatch_put_off", about, error);
  }
};
