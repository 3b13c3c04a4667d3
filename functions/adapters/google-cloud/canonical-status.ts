/**
 * The canonical codes (google.rpc.Code). Several share one HTTP status over REST, so only the name tells them apart.
 */
export const CANONICAL_STATUSES = [
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
] as const;
export type CanonicalStatus = (typeof CANONICAL_STATUSES)[number];

/** An answer of Google's API other than success. Google's messages name resources, never values. */
export class GoogleApiError extends Error {
  override readonly name = "GoogleApiError";
  readonly status: CanonicalStatus;

  constructor(status: CanonicalStatus, message: string) {
    super(`${status}: ${message}`.slice(0, 500));
    this.status = status;
  }
}

/**
 * The status of an HTTP answer other than 2xx: the name in its body, or else (a proxy's answer) what its HTTP status
 * means.
 */
export const httpStatusOf = (httpStatus: number, body: unknown): CanonicalStatus =>
  nameIn(body) ?? byHttpStatus(httpStatus);

/** Where google-gax 6 keeps the body of a refused REST call; its `code` may be a mere guess by HTTP status. */
const PAYLOAD = Symbol.for("google-gax.rawHttpResponsePayload");

/**
 * Converts an error of Google's client libraries, and drops its cause, which holds the request's headers and the token.
 * Undefined: the error is a defect in a program rather than a failure of the network or the service.
 */
export const fromClientLibrary = (error: unknown): GoogleApiError | undefined => {
  if (error instanceof GoogleApiError) return error;
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) return undefined;
  const payload = Reflect.get(error, PAYLOAD);
  const httpStatus = Reflect.get(error, "httpStatusCode");
  const said = nameIn(typeof payload === "string" ? parseOrUndefined(payload) : payload);
  const unnamed = typeof httpStatus === "number" ? byHttpStatus(httpStatus) : byNumber(Reflect.get(error, "code"));
  return new GoogleApiError(said ?? unnamed, error.message);
};

/** `{error: {code, status, message}}`, or a list of one from a streaming method. A proxy's HTML is neither. */
const nameIn = (body: unknown): CanonicalStatus | undefined => {
  const first: { readonly error?: { readonly status?: unknown } } | null | undefined = Array.isArray(body)
    ? body[0]
    : body;
  return CANONICAL_STATUSES.find((name) => name === first?.error?.status);
};

const parseOrUndefined = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** The numbers of google.rpc.Code start at 1 (CANCELLED). An unreadable answer has none. */
const byNumber = (code: unknown): CanonicalStatus =>
  (typeof code === "number" ? CANONICAL_STATUSES[code - 1] : undefined) ?? "UNKNOWN";

/**
 * Only HTTP statuses with one meaning count: a 404 without a name is a wrong address rather than a missing record, and
 * a 409 or 400 without one proves no precondition.
 */
const BY_HTTP_STATUS: ReadonlyMap<number, CanonicalStatus> = new Map([
  [401, "UNAUTHENTICATED"],
  [403, "PERMISSION_DENIED"],
  [429, "RESOURCE_EXHAUSTED"],
  [499, "CANCELLED"],
  [501, "UNIMPLEMENTED"],
  [504, "DEADLINE_EXCEEDED"],
]);

const byHttpStatus = (httpStatus: number): CanonicalStatus =>
  BY_HTTP_STATUS.get(httpStatus) ?? (httpStatus >= 500 ? "UNAVAILABLE" : "UNKNOWN");
