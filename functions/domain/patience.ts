import type { Clock } from "./clock.ts";

/**
 * Limits the total time that one request or delivery waits for services that do not answer, over all its reads and
 * writes. Only time that ended in a failure counts, so a store that is slow but answers is never cut off.
 */
export interface Patience {
  /** Real milliseconds that a call to this service may take now; 0 if it must not be called any more. */
  leftMs(service: object): number;
  /** Records that a service answered, whatever the answer. */
  answered(): void;
  /** Records that a call failed after this many real milliseconds. */
  failed(service: object, tookMs: number): void;
  /** True if a caller is waiting: a service that is known to be down is then not waited for. */
  readonly failsFast: boolean;
}

export interface PatienceOptions {
  readonly totalMs: number;
  readonly failsFast: boolean;
}

/** A request must be answered within 10 s; the rest is for other work, such as loading the store's client. */
export const ANSWERING: PatienceOptions = { totalMs: 7_000, failsFast: true };
/** Nobody waits for the answer to a push, and work that is already done is worth recording. */
export const DELIVERING: PatienceOptions = { totalMs: 20_000, failsFast: false };

/** A service that has not failed yet gets at least this much, even if others have used up the total. */
const FIRST_CHANCE_MS = 500;

export const patienceOf = (clock: Pick<Clock, "nowMs">, { totalMs, failsFast }: PatienceOptions): Patience => {
  let spentMs = 0;
  // Concurrent failures count once.
  let countedUntilMs = Number.NEGATIVE_INFINITY;
  const haveFailed = new Set<object>();
  return {
    failsFast,
    leftMs: (service) => Math.max(totalMs - spentMs, haveFailed.has(service) ? 0 : Math.min(FIRST_CHANCE_MS, totalMs)),
    // A tick runs long, so a past outage must not cost later calls their time. A request must end in time regardless.
    answered: () => {
      if (!failsFast) spentMs = 0;
    },
    failed: (service, tookMs) => {
      const nowMs = clock.nowMs();
      spentMs += Math.max(0, nowMs - Math.max(nowMs - tookMs, countedUntilMs));
      countedUntilMs = Math.max(nowMs, countedUntilMs);
      haveFailed.add(service);
    },
  };
};
