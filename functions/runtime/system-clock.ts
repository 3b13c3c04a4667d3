import { setTimeout as delay } from "node:timers/promises";
import { type Clock, distinctInstants } from "../domain/clock.ts";

/** Real time; nominal durations are divided by `timeScale`. */
export const systemClock = (timeScale = 1): Clock => ({
  nowMs: () => Date.now(),
  nextMs: distinctInstants(() => Date.now()),
  // `AbortSignal.timeout` takes whole milliseconds only; with a scale of 7, every request would fail.
  lasting: (nominalMs) => Math.ceil(nominalMs / timeScale),
  sleep: async (realMs, signal) => {
    // An abort ends the sleep early, which is not a failure.
    await delay(realMs, undefined, signal ? { signal } : {}).catch(() => undefined);
  },
});
