const EVERY_MS = 20;

export interface StolenTime {
  /** Since it began. */
  ms(): number;
  stop(): void;
}

/**
 * Adds up how late a timer fires: so long this process worked, or waited for a processor, instead of waiting for
 * what a test times. A test that asserts a short wait subtracts it, so that a busy machine does not fail it.
 */
export const watchStolenTime = (): StolenTime => {
  let stolenMs = 0;
  let lastMs = performance.now();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    stolenMs += Math.max(0, nowMs - lastMs - EVERY_MS);
    lastMs = nowMs;
  }, EVERY_MS);
  return { ms: () => stolenMs, stop: () => clearInterval(timer) };
};
