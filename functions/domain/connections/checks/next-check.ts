import { type Clock, DAY, HOUR, MINUTE } from "../../clock.ts";
import type { Grant } from "../../mail-servers/mail-server.ts";
import type { Randomness } from "../../randomness.ts";
import { type App, nextChangeAtMs } from "./lifetime.ts";

const CHECK_EVERY_MS = DAY;
const LONGEST_WAIT_MS = 1.2 * CHECK_EVERY_MS;
/**
 * After a failure the pause is half of the check's delay, within these bounds, so pauses grow by half each time without
 * stored state.
 */
const SHORTEST_RETRY_MS = 15 * MINUTE;
const LONGEST_RETRY_MS = 6 * HOUR;

interface Deps {
  readonly clock: Clock;
  readonly random: Randomness;
}

/** The spread of 80 % to 120 % keeps servers that were connected together from always being checked together. */
const jittered = ({ clock, random }: Deps, nominalMs: number): number =>
  Math.round(clock.nowMs() + clock.lasting(nominalMs * (0.8 + 0.4 * random.fraction())));

/**
 * A grant that has just been proven is checked about daily, which also keeps it from expiring unused, and earlier if a
 * warning or its end comes first.
 */
export const nextCheckAtMs = (deps: Deps, grant: Grant, app: App): number => {
  const changeAtMs = nextChangeAtMs(deps, grant, app) ?? Number.POSITIVE_INFINITY;
  return Math.min(jittered(deps, CHECK_EVERY_MS), Math.ceil(changeAtMs));
};

/** A refused client holds mail back, so Google is asked about it at least this often. */
export const LONGEST_CLIENT_RETRY_MS = HOUR;

/** Returns the time of the first check after a refusal of the client, when it is unknown whether the refusal lasts. */
export const firstRetryAtMs = (deps: Deps): number => jittered(deps, SHORTEST_RETRY_MS);

/** An account that Gmail refuses holds mail back, so a check asks hourly whether the refusal is over. */
const REFUSAL_CHECK_MS = HOUR;
export const refusalCheckAtMs = (deps: Deps): number => jittered(deps, REFUSAL_CHECK_MS);

/**
 * Returns when to try again after Google or Relais's own client was the obstacle, no later than the next warning that
 * is due.
 */
export const retryCheckAtMs = (deps: Deps, grant: Grant, app: App, longestMs = LONGEST_RETRY_MS): number => {
  const { clock } = deps;
  const { lastVerifiedAtMs } = grant;
  const changeAtMs = nextChangeAtMs(deps, grant, app) ?? Number.POSITIVE_INFINITY;
  const lateMs = clock.nowMs() - lastVerifiedAtMs - clock.lasting(LONGEST_WAIT_MS);
  const shortestMs = clock.lasting(SHORTEST_RETRY_MS);
  const pauseMs = Math.min(Math.max(lateMs / 2, shortestMs), clock.lasting(longestMs));
  return Math.min(Math.round(clock.nowMs() + pauseMs * (0.8 + 0.4 * deps.random.fraction())), Math.ceil(changeAtMs));
};
