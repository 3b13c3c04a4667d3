import { type Clock, distinctInstants } from "../domain/clock.ts";

/** Real time; nominal durations are divided by `timeScale`. */
export const systemClock = (timeScale = 1): Clock => ({
  nowMs: () => Date.now(),
  nextMs: distinctInstants(() => Date.now()),
  // `AbortSignal.timeout` takes whole milliseconds only; with a scale of 7, every request would fail.
  lasting: (nominalMs) => Math.ceil(nominalMs / timeScale),
  // Not by `node:timers/promises`: an abort is no failure here, and each would make an error with its stack trace.
  sleep: (realMs, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, realMs);
      signal?.addEventListener("abort", end, { once: true });
    }),
});
