import type { Clock } from "../../domain/clock.ts";

/** So many calls in a row without an answer, and the service counts as away. */
const FAILURES = 3;
/** One call in so long finds out whether it is back. */
const PROBE_EVERY_MS = 1_000;

/** What an instance knows of a service: while it is away, one call at a time is made to it, and the others need not wait to be told. */
export interface Breaker {
  /** Whether a call may be made now. One that was let through must report how it ended. */
  admits(): boolean;
  /** The service answered, whatever it said. */
  answered(): void;
  /** The service did not answer. */
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
