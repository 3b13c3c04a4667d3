import type { Clock } from "../../functions/domain/clock.ts";

/** A clock that stands until told to move; `sleep` moves it. */
export interface TestClock extends Clock {
  advance(ms: number): void;
}

export const testClock = (startMs = Date.parse("2026-11-22T09:00:00Z")): TestClock => {
  let nowMs = startMs;
  return {
    nowMs: () => nowMs,
    lasting: (nominalMs) => nominalMs,
    sleep: async (realMs) => {
      nowMs += realMs;
    },
    advance: (ms) => {
      nowMs += ms;
    },
  };
};
