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

/**
 * An error that a call to Google threw. One of Google's packages may throw its own; its cause is dropped, since it may
 * hold a token. Undefined: the error is a defect in a program rather than a failure of the network or the service.
 */
export const fromClientLibrary = (error: unknown): GoogleApiError | undefined => {
  if (error instanceof GoogleApiError) return error;
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) return undefined;
  return new GoogleApiError(byNumber(Reflect.get(error, "code")), error.message);
};

/** `{error: {code, status, message}}`, or a list of one from a streaming method. A proxy's HTML is neither. */
const nameIn = (body: unknown): CanonicalStatus | undefined => {
  const first: { readonly error?: { readonly status?: unknown } } | null | undefined = Array.isArray(body)
    ? body[0]
    : body;
  return CANONICAL_STATUSES.find((name) => name === first?.error?.status);
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
