import { type Clock, distinctInstants } from "../../functions/domain/clock.ts";
import { systemClock } from "../../functions/runtime/system-clock.ts";

/** A clock that stands still until it is told to move; `sleep` moves it. */
export interface TestClock extends Clock {
  advance(ms: number): void;
}

export const testClock = (startMs = Date.parse("2026-11-22T09:00:00Z")): TestClock => {
  let nowMs = startMs;
  return {
    nowMs: () => nowMs,
    nextMs: distinctInstants(() => nowMs),
    lasting: (nominalMs) => nominalMs,
    sleep: async (realMs) => {
      nowMs += realMs;
    },
    advance: (ms) => {
      nowMs += ms;
    },
  };
};

/** Real time that a test can move forward, and whose nominal durations it can shorten. */
export interface MovableClock extends Clock {
  advance(ms: number): void;
}

export const movableClock = (scale = 1): MovableClock => {
  const real = systemClock(scale);
  let aheadMs = 0;
  return {
    nowMs: () => Date.now() + aheadMs,
    nextMs: distinctInstants(() => Date.now() + aheadMs),
    lasting: real.lasting,
    sleep: real.sleep,
    advance: (ms) => {
      aheadMs += ms;
    },
  };
};
