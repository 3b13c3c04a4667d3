import { type Clock, DAY, HOUR, MINUTE } from "../../clock.ts";
import type { Grant } from "../../mail-servers/mail-server.ts";
import type { Randomness } from "../../randomness.ts";
import { type App, nextTurnAtMs } from "./lifetime.ts";

const CHECK_EVERY_MS = DAY;
const LONGEST_WAIT_MS = 1.2 * CHECK_EVERY_MS;
/** After a failure: half of what the check is late by, within these bounds. So the pauses grow by half each time, without anything to be kept. */
const SHORTEST_RETRY_MS = 15 * MINUTE;
const LONGEST_RETRY_MS = 6 * HOUR;

interface Deps {
  readonly clock: Clock;
  readonly random: Randomness;
}

/** Between 80 % and 120 % of it, so that servers connected together are not checked together for ever. */
const jittered = ({ clock, random }: Deps, nominalMs: number): number =>
  Math.round(clock.nowMs() + clock.lasting(nominalMs * (0.8 + 0.4 * random.fraction())));

/**
 * When a grant that was proven now is to be proven again: about daily, which also keeps it from idling to death; and as soon as it is to be warned
 * of its end, or that has come.
 */
export const nextCheckAtMs = (deps: Deps, grant: Grant, app: App): number => {
  const turnAtMs = nextTurnAtMs(deps, grant, app) ?? Number.POSITIVE_INFINITY;
  return Math.min(jittered(deps, CHECK_EVERY_MS), Math.ceil(turnAtMs));
};

/** A refused client holds mail back, so it is asked about at least this often. */
export const LONGEST_CLIENT_RETRY_MS = HOUR;

/** The first check after the client was refused, before it is known whether that lasts. */
export const firstRetryAtMs = (deps: Deps): number => jittered(deps, SHORTEST_RETRY_MS);

/** An account that Gmail refuses holds mail back: a check asks hourly whether that is over. */
const REFUSAL_CHECK_MS = HOUR;
export const refusalCheckAtMs = (deps: Deps): number => jittered(deps, REFUSAL_CHECK_MS);

/** When to try again after Google or our own client stood in the way; no later than the next warning that is due by time alone. */
export const retryCheckAtMs = (deps: Deps, grant: Grant, app: App, longestMs = LONGEST_RETRY_MS): number => {
  const { clock } = deps;
  const { lastVerifiedAtMs } = grant;
  const turnAtMs = nextTurnAtMs(deps, grant, app) ?? Number.POSITIVE_INFINITY;
  const lateMs = clock.nowMs() - lastVerifiedAtMs - clock.lasting(LONGEST_WAIT_MS);
  const shortestMs = clock.lasting(SHORTEST_RETRY_MS);
  const pauseMs = Math.min(Math.max(lateMs / 2, shortestMs), clock.lasting(longestMs));
  return Math.min(Math.round(clock.nowMs() + pauseMs * (0.8 + 0.4 * deps.random.fraction())), Math.ceil(turnAtMs));
};
