import type { Clock } from "../../domain/clock.ts";
import { Unavailable } from "../../domain/problem.ts";
import type { Randomness } from "../../domain/randomness.ts";
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
 * Makes calls to Google Cloud, whatever carries them. Statuses that the caller does not expect throw: `INVALID_ARGUMENT`, `OUT_OF_RANGE` and
 * `UNIMPLEMENTED`, and faults in a program, as defects; all others, and a lost connection or 10 s without an answer, as `Unavailable(act)`.
 */
export type GoogleCalls = <T, S extends CanonicalStatus = never>(
  call: GoogleCall<T>,
  ...expected: readonly S[]
) => Promise<GoogleAnswer<T, S>>;

export interface GoogleCallsOptions {
  readonly clock: Pick<Clock, "sleep">;
  readonly random: Pick<Randomness, "fraction">;
  /** Real milliseconds that one try may take. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
const ROUNDS = 4;
const FIRST_PAUSE_MS = 100;

/** Not done, says Google, and worth another try (google.aip.dev/194): `ABORTED` is a lost race for a lock. */
const NOT_DONE: readonly CanonicalStatus[] = ["ABORTED"];
/** May have been done or not; tried again only where doing it twice does no harm. */
const MAYBE_DONE: readonly CanonicalStatus[] = ["UNAVAILABLE", "INTERNAL", "UNKNOWN"];
/** The request itself is wrong: no user can bring that about. */
const DEFECTS: readonly CanonicalStatus[] = ["INVALID_ARGUMENT", "OUT_OF_RANGE", "UNIMPLEMENTED"];

export const googleCalls = ({ clock, random, timeoutMs = TIMEOUT_MS }: GoogleCallsOptions): GoogleCalls => {
  return async (call, ...expected) => {
    for (let round = 1; ; round += 1) {
      const answer = await tryOnce(call, timeoutMs);
      if (!(answer instanceof GoogleApiError)) return { status: "OK", value: answer.value };
      const { status } = answer;
      const awaited = expected.find((one) => one === status);
      if (awaited !== undefined) return { status: awaited };
      const again = NOT_DONE.includes(status) || (call.repeatable && MAYBE_DONE.includes(status));
      if (!again || round === ROUNDS) throw failure(call.act, answer);
      await clock.sleep(FIRST_PAUSE_MS * 2 ** (round - 1) * (0.5 + random.fraction()));
    }
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
const tryOnce = async <T>(
  { run, act }: GoogleCall<T>,
  timeoutMs: number,
): Promise<{ readonly value: T } | GoogleApiError> => {
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
