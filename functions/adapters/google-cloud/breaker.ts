import type { Clock } from "../../domain/clock.ts";

/** After this many calls in a row without an answer, the service counts as unavailable. */
const FAILURES = 3;
/** How often one call may find out whether the service is back. */
const PROBE_EVERY_MS = 1_000;

/**
 * What an instance knows about a service. While it is unavailable, one call at a time may try it; the others fail fast.
 */
export interface Breaker {
  /** Whether a call may be made now. An admitted call must report how it ended. */
  admits(): boolean;
  /** The service answered, whatever it said. */
  answered(): void;
  failed(): void;
}

export const breaker = (clock: Pick<Clock, "nowMs">): Breaker => {
  let failures = 0;
  let probeAtMs = 0;
  let probing = false;
  return {
    admits: () => {
      if (failures < FAILURES) return true;
      if (probing || clock.nowMs() < probeAtMs) return false;
      probing = true;
      return true;
    },
    answered: () => {
      failures = 0;
      probing = false;
    },
    failed: () => {
      failures += 1;
      probing = false;
      probeAtMs = clock.nowMs() + PROBE_EVERY_MS;
    },
  };
};
