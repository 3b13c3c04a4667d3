import { Unavailable } from "../../domain/problem.ts";

/** The canonical codes (google.rpc.Code) by name: over REST several share one HTTP status, so the name alone tells them apart. */
export type CanonicalStatus =
  | "CANCELLED"
  | "UNKNOWN"
  | "INVALID_ARGUMENT"
  | "DEADLINE_EXCEEDED"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "PERMISSION_DENIED"
  | "RESOURCE_EXHAUSTED"
  | "FAILED_PRECONDITION"
  | "ABORTED"
  | "OUT_OF_RANGE"
  | "UNIMPLEMENTED"
  | "INTERNAL"
  | "UNAVAILABLE"
  | "DATA_LOSS"
  | "UNAUTHENTICATED";

/** What Google's API answered other than success; `status` is the canonical name. Google's messages name resources, never values. */
export class GoogleApiError extends Error {
  override readonly name = "GoogleApiError";
  readonly status: CanonicalStatus;

  constructor(status: CanonicalStatus, message: string) {
    super(`${status}: ${message}`);
    this.status = status;
  }
}

export interface ApiCall {
  /** What is being done, for the error: "read a record". */
  readonly act: string;
  readonly method: "GET" | "POST" | "DELETE";
  /** Path and query below the root, already escaped. */
  readonly path: string;
  readonly body?: unknown;
  /** Doing it twice does no harm: then a try whose answer was lost, or that Google could not take, is repeated. */
  readonly repeatable: boolean;
}

/** The answer's JSON, or one of the statuses that the caller says it expects. */
export type ApiAnswer<S extends CanonicalStatus> =
  | { readonly status: "OK"; readonly body: unknown }
  | { readonly status: S };

/**
 * One of Google's REST APIs. Statuses that the caller does not expect throw: `INVALID_ARGUMENT`, `OUT_OF_RANGE` and `UNIMPLEMENTED` as defects,
 * all others, and a lost connection or 10 s without an answer, as `Unavailable(act)`.
 */
export interface GoogleApi {
  /** The answer's JSON; no status but success is expected. */
  call(call: ApiCall): Promise<unknown>;
  attempt<S extends CanonicalStatus>(call: ApiCall, ...expected: readonly S[]): Promise<ApiAnswer<S>>;
}

export interface GoogleApiOptions {
  /** `https://firestore.googleapis.com`, or the emulator's `http://host:port`; without trailing slash. */
  readonly rootUrl: string;
  /** An OAuth access token of the service account. */
  readonly accessToken: () => Promise<string>;
  /** Resolves after so many real milliseconds. */
  readonly sleep: (realMs: number) => Promise<void>;
  /** In [0, 1), for jitter. */
  readonly fraction: () => number;
}

const TIMEOUT_MS = 10_000;
const ROUNDS = 4;
const FIRST_PAUSE_MS = 100;

/** Not done, says Google, and worth another try (google.aip.dev/194): `ABORTED` is a lost race for a lock. */
const NOT_DONE: readonly CanonicalStatus[] = ["ABORTED"];
/** May have been done or not; tried again only where doing it twice does no harm. */
const MAYBE_DONE: readonly CanonicalStatus[] = ["UNAVAILABLE", "INTERNAL", "UNKNOWN", "DEADLINE_EXCEEDED"];
/** The request itself is wrong: no user can bring that about. */
const DEFECTS: readonly CanonicalStatus[] = ["INVALID_ARGUMENT", "OUT_OF_RANGE", "UNIMPLEMENTED"];

export const googleApi = (options: GoogleApiOptions): GoogleApi => {
  const attempt: GoogleApi["attempt"] = async (call, ...expected) => {
    for (let round = 1; ; round += 1) {
      const answer = await callOnce(options, call);
      if (!(answer instanceof Error)) return { status: "OK", body: answer.json };
      const status = answer instanceof GoogleApiError ? answer.status : "UNAVAILABLE";
      const awaited = expected.find((one) => one === status);
      if (awaited !== undefined) return { status: awaited };
      const again = NOT_DONE.includes(status) || (call.repeatable && MAYBE_DONE.includes(status));
      if (!again || round === ROUNDS) throw failure(call.act, status, answer);
      await options.sleep(FIRST_PAUSE_MS * 2 ** (round - 1) * (0.5 + options.fraction()));
    }
  };
  return {
    attempt,
    call: async (call) => {
      const answer = await attempt<CanonicalStatus>(call);
      return "body" in answer ? answer.body : undefined;
    },
  };
};

const failure = (act: string, status: CanonicalStatus, cause: Error): Error =>
  DEFECTS.includes(status) ? new Error(`could not ${act}`, { cause }) : new Unavailable(act, { cause });

/** One try. An error is answered, not thrown: a refusal of Google's as `GoogleApiError`, a lost connection as what `fetch` threw. */
const callOnce = async (
  { rootUrl, accessToken }: GoogleApiOptions,
  { method, path, body }: ApiCall,
): Promise<{ readonly json: unknown } | Error> => {
  try {
    const response = await fetch(`${rootUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${await accessToken()}`, "content-type": "application/json" },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: "error",
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return response.ok ? { json: text === "" ? {} : JSON.parse(text) } : refusal(response.status, text);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
};

const refusal = (httpStatus: number, text: string): GoogleApiError => {
  const { error } = errorBody(text);
  const status = CANONICAL.get(String(error?.status)) ?? byHttpStatus(httpStatus);
  return new GoogleApiError(status, `HTTP ${httpStatus} ${String(error?.message ?? "")}`.trim().slice(0, 500));
};

/** `{error: {code, status, message}}`; a streaming method answers a list of one. A proxy's HTML answers neither. */
const errorBody = (text: string): { readonly error?: { readonly status?: unknown; readonly message?: unknown } } => {
  try {
    const json = JSON.parse(text);
    return (Array.isArray(json) ? json[0] : json) ?? {};
  } catch {
    return {};
  }
};

const HTTP_OF: Readonly<Record<CanonicalStatus, number>> = {
  CANCELLED: 499,
  UNKNOWN: 500,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  PERMISSION_DENIED: 403,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 400,
  ABORTED: 409,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 501,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DATA_LOSS: 500,
  UNAUTHENTICATED: 401,
};
export const CANONICAL_STATUSES = Object.keys(HTTP_OF) as readonly CanonicalStatus[];
const CANONICAL = new Map<string, CanonicalStatus>(CANONICAL_STATUSES.map((status) => [status, status]));

/**
 * For answers without a name, such as a proxy's. Only statuses with one meaning are read: a nameless 404 is a wrong address, not a record
 * that is absent, and a nameless 409 or 400 proves no precondition.
 */
const byHttpStatus = (httpStatus: number): CanonicalStatus =>
  CANONICAL_STATUSES.find((status) => HTTP_OF[status] === httpStatus && ![400, 404, 409, 500].includes(httpStatus)) ??
  (httpStatus >= 500 ? "UNAVAILABLE" : "UNKNOWN");
