import type { Clock } from "../../domain/clock.ts";
import { ANSWERING, type Patience, patienceOf } from "../../domain/patience.ts";
import { Unavailable } from "../../domain/problem.ts";
import type { Randomness } from "../../domain/randomness.ts";
import { breaker } from "./breaker.ts";
import { type CanonicalStatus, fromClientLibrary, GoogleApiError } from "./canonical-status.ts";

export interface GoogleCall<T> {
  /** What is being done, for the error: "read a record". */
  readonly act: string;
  /** Doing it twice does no harm: then a try whose answer was lost, or that Google could not take, is repeated. */
  readonly repeatable: boolean;
  readonly run: () => Promise<T>;
}

/** What the call answered, or one of the statuses that the caller says it expects. */
export type GoogleAnswer<T, S extends CanonicalStatus> =
  | { readonly status: "OK"; readonly value: T }
  | { readonly status: S };

/**
 * Makes calls to one service of Google Cloud, whatever carries them. Statuses that the caller does not expect throw: `INVALID_ARGUMENT`,
 * `OUT_OF_RANGE` and `UNIMPLEMENTED`, and faults in a program, as defects; all others, a lost connection and no answer within the
 * request's patience as `Unavailable(act)`: what was to be written may then have been written.
 */
export type GoogleCalls = <T, S extends CanonicalStatus = never>(
  call: GoogleCall<T>,
  ...expected: readonly S[]
) => Promise<GoogleAnswer<T, S>>;

export interface GoogleCallsOptions {
  readonly clock: Pick<Clock, "sleep" | "nowMs">;
  readonly random: Pick<Randomness, "fraction">;
  /** Of the request that the call is made for. Absent: each call has one of its own. */
  readonly patience?: () => Patience;
}

const ROUNDS = 4;
const FIRST_PAUSE_MS = 100;
/** How often a call that may wait looks whether the service is back. */
const LOOK_EVERY_MS = 250;

/** Not done, says Google, and worth another try (google.aip.dev/194): `ABORTED` is a lost race for a lock. */
const NOT_DONE: readonly CanonicalStatus[] = ["ABORTED"];
/** May have been done or not; tried again only where doing it twice does no harm. */
const MAYBE_DONE: readonly CanonicalStatus[] = ["UNAVAILABLE", "INTERNAL", "UNKNOWN"];
/** The request itself is wrong: no user can bring that about. */
const DEFECTS: readonly CanonicalStatus[] = ["INVALID_ARGUMENT", "OUT_OF_RANGE", "UNIMPLEMENTED"];

type Answered<T> = { readonly value: T } | GoogleApiError;

interface Asking<T> {
  readonly call: GoogleCall<T>;
  readonly expected: readonly CanonicalStatus[];
  readonly untilMs: number;
}

/** Nobody answered, or nothing that tells what became of the call. Every other status proves that the service is there. */
const UNANSWERED: readonly CanonicalStatus[] = ["UNAVAILABLE", "INTERNAL", "UNKNOWN", "DEADLINE_EXCEEDED", "CANCELLED"];

const isUnanswered = (answer: Answered<unknown>): boolean =>
  answer instanceof GoogleApiError && UNANSWERED.includes(answer.status);

export const googleCalls = ({ clock, random, patience }: GoogleCallsOptions): GoogleCalls => {
  const service = breaker(clock);

  /** Tries until there is an answer, a status that repeating does not change or that is expected, or no time left. */
  const tryOften = async <T>({ call, expected, untilMs }: Asking<T>): Promise<Answered<T>> => {
    for (let round = 1; ; round += 1) {
      const answer = await tryOnce(call, untilMs - clock.nowMs());
      if (!(answer instanceof GoogleApiError) || expected.includes(answer.status)) return answer;
      const again = NOT_DONE.includes(answer.status) || (call.repeatable && MAYBE_DONE.includes(answer.status));
      const pauseMs = FIRST_PAUSE_MS * 2 ** (round - 1) * (0.5 + random.fraction());
      if (!again || round === ROUNDS || clock.nowMs() + pauseMs >= untilMs) return answer;
      await clock.sleep(pauseMs);
    }
  };

  /** Null: the service is away, and was not asked. */
  const ask = async <T>(asking: Asking<T>): Promise<Answered<T> | null> => {
    if (clock.nowMs() >= asking.untilMs || !service.admits()) return null;
    let away = false;
    try {
      const answer = await tryOften(asking);
      away = isUnanswered(answer);
      return answer;
    } finally {
      if (away) service.failed();
      else service.answered();
    }
  };

  return async (call, ...expected) => {
    const patient = patience?.() ?? patienceOf(clock, ANSWERING);
    const sinceMs = clock.nowMs();
    const untilMs = sinceMs + patient.leftMs(service);
    const asking = { call, expected, untilMs };
    let answer = await ask(asking);
    while (answer === null && !patient.failsFast && clock.nowMs() + LOOK_EVERY_MS < untilMs) {
      await clock.sleep(LOOK_EVERY_MS);
      answer = await ask(asking);
    }
    const said = answer ?? new GoogleApiError("UNAVAILABLE", "not asked: it has not answered of late");
    if (!isUnanswered(said)) patient.answered();
    if (!(said instanceof GoogleApiError)) return { status: "OK", value: said.value };
    const awaited = answer === null ? undefined : expected.find((one) => one === said.status);
    if (awaited !== undefined) return { status: awaited };
    if (isUnanswered(said)) patient.failed(service, clock.nowMs() - sinceMs);
    throw failure(call.act, said);
  };
};

/** For calls of which no status but success is expected: every other throws. */
export const only = async <T>(answered: Promise<GoogleAnswer<T, never>>): Promise<T> => {
  const answer = await answered;
  if ("value" in answer) return answer.value;
  throw new TypeError("a call was answered with a status that nobody expects");
};

const failure = (act: string, cause: GoogleApiError): Error =>
  DEFECTS.includes(cause.status) ? new Error(`could not ${act}`, { cause }) : new Unavailable(act, { cause });

/** A refusal, a lost connection or no answer in time is answered, not thrown; anything else is a defect and passes. */
const tryOnce = async <T>({ run, act }: GoogleCall<T>, timeoutMs: number): Promise<Answered<T>> => {
  let timer: NodeJS.Timeout | undefined;
  // Libraries go on for minutes by their own rules; who waits for us does not.
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
