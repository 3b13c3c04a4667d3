import { Messages } from "../../functions/client/messages.ts";
import type { ProblemBody } from "../../functions/client/relais-error.ts";
import type { Pace } from "../../functions/client/repetition.ts";
import { type Connection, createRequests } from "../../functions/client/requests.ts";

/** A pace that never waits: it notes the pauses and moves its own clock. */
export interface NotedPace extends Pace {
  readonly pauses: number[];
}

export const notedPace = (startMs = Date.parse("2026-11-22T09:00:00Z")): NotedPace => {
  const pauses: number[] = [];
  let nowMs = startMs;
  return {
    pauses,
    nowMs: () => nowMs,
    random: () => 0,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      pauses.push(ms);
      nowMs += ms;
    },
  };
};

export const KEY = "rk_test_0123456789abcdef";

/** The client's calls against a stub, without real pauses. */
export const stubClient = (baseUrl: string, pace: Pace, changes: Partial<Connection> = {}) => {
  const repetitions = changes.repetitions ?? 4;
  const request = createRequests({
    baseUrl,
    key: () => KEY,
    timeoutMs: 60_000,
    repetitions,
    userAgent: "relais-client/test",
    fetch,
    pace,
    ...changes,
  });
  return { request, messages: new Messages({ request, pace, repetitions }) };
};

/** A problem as the API answers it. */
export const problem = (code: string, status: number, more: Partial<ProblemBody> = {}): ProblemBody => ({
  type: `urn:relais:problem:${code}`,
  title: "A title",
  status,
  detail: "What to do.",
  code,
  retryable: status >= 500 || status === 429,
  requestId: "req-1",
  ...more,
});
