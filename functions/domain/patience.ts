import type { Clock } from "./clock.ts";

/**
 * How long one request, or one delivery of a message, goes on waiting for a store that does not answer: in all, however often it reads and writes.
 * Only time that ended in a failure counts, so that a store that is slow, yet answers, is never cut short.
 */
export interface Patience {
  /** Real milliseconds that a call to this service may take now; 0: it is known to fail. */
  leftMs(service: object): number;
  /** A service answered, whatever it said. */
  answered(): void;
  /** A call failed after so many real milliseconds. */
  failed(service: object, tookMs: number): void;
  /** Somebody waits for an answer: a service that is known to be away is not waited for. */
  readonly failsFast: boolean;
}

export interface PatienceOptions {
  readonly totalMs: number;
  readonly failsFast: boolean;
}

/** An answer must come within 10 s: this leaves time for the rest, such as loading the store's client at a cold start. */
export const ANSWERING: PatienceOptions = { totalMs: 7_000, failsFast: true };
/** Nobody waits for the answer to a push, and what was done already is worth being written down. */
export const DELIVERING: PatienceOptions = { totalMs: 20_000, failsFast: false };

/** A service that has not failed yet is given a chance, however much patience another has cost. */
const FIRST_CHANCE_MS = 500;

export const patienceOf = (clock: Pick<Clock, "nowMs">, { totalMs, failsFast }: PatienceOptions): Patience => {
  let spentMs = 0;
  // Calls that fail side by side are waited for once.
  let countedUntilMs = Number.NEGATIVE_INFINITY;
  const haveFailed = new Set<object>();
  return {
    failsFast,
    leftMs: (service) => Math.max(totalMs - spentMs, haveFailed.has(service) ? 0 : Math.min(FIRST_CHANCE_MS, totalMs)),
    // A tick does a great deal for many: what a hiccup cost must not be missing minutes later. A request has to come to its end.
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
