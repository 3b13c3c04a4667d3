import { type Clock, DAY, MINUTE } from "../clock.ts";
import type { Grant } from "../mail-servers/mail-server.ts";
import type { Randomness } from "../randomness.ts";
import { type App, nextTurnAtMs } from "./lifetime.ts";

const CHECK_EVERY_MS = DAY;
const AFTER_FAILURE_MS = 15 * MINUTE;

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

/** When to try again after Google or our own client stood in the way. */
export const retryCheckAtMs = (deps: Deps): number => jittered(deps, AFTER_FAILURE_MS);
