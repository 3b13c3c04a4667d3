/** The canonical codes (google.rpc.Code) by name: over REST several share one HTTP status, so the name alone tells them apart. */
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

/** What Google's API answered other than success; `status` is the canonical name. Google's messages name resources, never values. */
export class GoogleApiError extends Error {
  override readonly name = "GoogleApiError";
  readonly status: CanonicalStatus;

  constructor(status: CanonicalStatus, message: string) {
    super(`${status}: ${message}`.slice(0, 500));
    this.status = status;
  }
}

/** The status of an HTTP answer other than 2xx: the name in its body, or what its HTTP status says without one (a proxy's answer). */
export const httpStatusOf = (httpStatus: number, body: unknown): CanonicalStatus =>
  nameIn(body) ?? byHttpStatus(httpStatus);

/** Where google-gax 6 keeps the body of a refused REST call, whose `code` alone does not tell a name from a guess by HTTP status. */
const PAYLOAD = Symbol.for("google-gax.rawHttpResponsePayload");

/**
 * What a call of one of Google's client libraries threw, without its cause: that holds the request's headers, the token among them.
 * `undefined`: a fault in a program, and not something that came, or failed to come, over the network.
 */
export const fromClientLibrary = (error: unknown): GoogleApiError | undefined => {
  if (error instanceof GoogleApiError) return error;
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) return undefined;
  const payload = Reflect.get(error, PAYLOAD);
  const httpStatus = Reflect.get(error, "httpStatusCode");
  const said = nameIn(typeof payload === "string" ? parsed(payload) : payload);
  const unnamed = typeof httpStatus === "number" ? byHttpStatus(httpStatus) : byNumber(Reflect.get(error, "code"));
  return new GoogleApiError(said ?? unnamed, error.message);
};

/** `{error: {code, status, message}}`; a streaming method answers a list of one. A proxy's HTML answers neither. */
const nameIn = (body: unknown): CanonicalStatus | undefined => {
  const first: { readonly error?: { readonly status?: unknown } } | null | undefined = Array.isArray(body)
    ? body[0]
    : body;
  return CANONICAL_STATUSES.find((name) => name === first?.error?.status);
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** The number of google.rpc.Code: CANCELLED is 1, UNAUTHENTICATED 16. An answer that could not be read has none. */
const byNumber = (code: unknown): CanonicalStatus =>
  (typeof code === "number" ? CANONICAL_STATUSES[code - 1] : undefined) ?? "UNKNOWN";

/**
 * Only statuses with one meaning are read: a nameless 404 is a wrong address, not a record that is absent, and a nameless 409 or 400
 * proves no precondition.
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
