import type { Clock } from "../../domain/clock.ts";
import { ANSWERING, type Patience, patienceOf } from "../../domain/patience.ts";
import { Unavailable } from "../../domain/problem.ts";
import type { Randomness } from "../../domain/randomness.ts";
import { breaker } from "./breaker.ts";
import { type CanonicalStatus, fromClientLibrary, GoogleApiError } from "./canonical-status.ts";

export interface GoogleCall<T> {
  /** What the call does, for the error: "read a record". */
  readonly act: string;
  /** Whether doing it twice is harmless. If so, a call is repeated after a lost answer or a failure of Google's. */
  readonly repeatable: boolean;
  readonly run: () => Promise<T>;
}

/** The call's value, or one of the statuses that the caller expects. */
export type GoogleAnswer<T, S extends CanonicalStatus> =
  | { readonly status: "OK"; readonly value: T }
  | { readonly status: S };

/**
 * Makes calls to one service of Google Cloud. Unexpected statuses throw: `INVALID_ARGUMENT`, `OUT_OF_RANGE`,
 * `UNIMPLEMENTED` and program errors as defects; all others, lost connections and timeouts as `Unavailable(act)`, after
 * which a write may still have happened.
 */
export type GoogleCalls = <T, S extends CanonicalStatus = never>(
  call: GoogleCall<T>,
  ...expected: readonly S[]
) => Promise<GoogleAnswer<T, S>>;

export interface GoogleCallsOptions {
  readonly clock: Pick<Clock, "sleep" | "nowMs">;
  readonly random: Pick<Randomness, "fraction">;
  /** The patience of the current request. Without it, each call has its own. */
  readonly patience?: () => Patience;
}

const MAX_TRIES = 4;
const FIRST_PAUSE_MS = 100;
/** How often a call that may wait checks whether the service is back. */
const RECHECK_EVERY_MS = 250;

/** Google did not do it, and it is worth another try (google.aip.dev/194): `ABORTED` is a lost race for a lock. */
const NOT_DONE: readonly CanonicalStatus[] = ["ABORTED"];
/** Google may or may not have done it, so only a call that may be done twice is repeated. */
const MAYBE_DONE: readonly CanonicalStatus[] = ["UNAVAILABLE", "INTERNAL", "UNKNOWN"];
/** The request itself is wrong, which no user can cause. */
const DEFECTS: readonly CanonicalStatus[] = ["INVALID_ARGUMENT", "OUT_OF_RANGE", "UNIMPLEMENTED"];

type Answer<T> = { readonly value: T } | GoogleApiError;

interface PendingCall<T> {
  readonly call: GoogleCall<T>;
  readonly expected: readonly CanonicalStatus[];
  readonly untilMs: number;
}

/** No answer, or none that tells whether the call was done. Any other status proves that the service is up. */
const UNANSWERED: readonly CanonicalStatus[] = ["UNAVAILABLE", "INTERNAL", "UNKNOWN", "DEADLINE_EXCEEDED", "CANCELLED"];

const isUnanswered = (answer: Answer<unknown>): boolean =>
  answer instanceof GoogleApiError && UNANSWERED.includes(answer.status);

export const googleCalls = ({ clock, random, patience }: GoogleCallsOptions): GoogleCalls => {
  const service = breaker(clock);

  /** Tries until there is an answer, an expected status, one that repeating cannot change, or no time left. */
  const tryRepeatedly = async <T>({ call, expected, untilMs }: PendingCall<T>): Promise<Answer<T>> => {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await tryOnce(call, untilMs - clock.nowMs());
      if (!(answer instanceof GoogleApiError) || expected.includes(answer.status)) return answer;
      const again = NOT_DONE.includes(answer.status) || (call.repeatable && MAYBE_DONE.includes(answer.status));
      const pauseMs = FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + random.fraction());
      if (!again || attempt === MAX_TRIES || clock.nowMs() + pauseMs >= untilMs) return answer;
      await clock.sleep(pauseMs);
    }
  };

  /** Null: the service is unavailable and was not asked. */
  const ask = async <T>(request: PendingCall<T>): Promise<Answer<T> | null> => {
    if (clock.nowMs() >= request.untilMs || !service.admits()) return null;
    let away = false;
    try {
      const answer = await tryRepeatedly(request);
      away = isUnanswered(answer);
      return answer;
    } finally {
      if (away) service.failed();
      else service.answered();
    }
  };

  return async (call, ...expected) => {
    const requestPatience = patience?.() ?? patienceOf(clock, ANSWERING);
    const sinceMs = clock.nowMs();
    const untilMs = sinceMs + requestPatience.leftMs(service);
    const request = { call, expected, untilMs };
    let answer = await ask(request);
    while (answer === null && !requestPatience.failsFast && clock.nowMs() + RECHECK_EVERY_MS < untilMs) {
      await clock.sleep(RECHECK_EVERY_MS);
      answer = await ask(request);
    }
    const said = answer ?? new GoogleApiError("UNAVAILABLE", "not asked: it has not answered of late");
    if (!isUnanswered(said)) requestPatience.answered();
    if (!(said instanceof GoogleApiError)) return { status: "OK", value: said.value };
    const awaited = answer === null ? undefined : expected.find((one) => one === said.status);
    if (awaited !== undefined) return { status: awaited };
    if (isUnanswered(said)) requestPatience.failed(service, clock.nowMs() - sinceMs);
    throw toError(call.act, said);
  };
};

/** For calls that expect no status but success: any other throws. */
export const expectOk = async <T>(answered: Promise<GoogleAnswer<T, never>>): Promise<T> => {
  const answer = await answered;
  if ("value" in answer) return answer.value;
  throw new TypeError("a call was answered with a status that nobody expects");
};

const toError = (act: string, cause: GoogleApiError): Error =>
  DEFECTS.includes(cause.status) ? new Error(`could not ${act}`, { cause }) : new Unavailable(act, { cause });

/** Returns a refusal, lost connection or timeout as a value; anything else is a defect and throws. */
const tryOnce = async <T>({ run, act }: GoogleCall<T>, timeoutMs: number): Promise<Answer<T>> => {
  let timer: NodeJS.Timeout | undefined;
  // The libraries may go on for minutes by their own rules, but our caller does not wait that long.
  const late = new Promise<GoogleApiError>((resolve) => {
    timer = setTimeout(
      () => resolve(new GoogleApiError("DEADLINE_EXCEEDED", `no answer in ${timeoutMs} ms`)),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([run().then((value) => ({ value })), late]);
  } catch (error) {
    const refused = fromClientLibrary(error);
    if (refused === undefined) throw new Error(`could not ${act}`, { cause: error });
    return refused;
  } finally {
    clearTimeout(timer);
  }
};
