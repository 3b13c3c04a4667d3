import type { ServerResponse } from "node:http";
import type { HttpPlace } from "./faults.ts";
import { googleApiError } from "./google-error.ts";
import { sendJson } from "./http.ts";
import type { Parts } from "./parts.ts";

interface Where {
  readonly at: HttpPlace;
  readonly account: string | null;
  /** True once the work is done (`afterWork`), false before. */
  readonly afterWork?: boolean;
}

/** Plays a scripted `stall` or `http_error`; true means that the request needs no further answer. */
export const playInterruption = (parts: Pick<Parts, "faults">, res: ServerResponse, where: Where): boolean => {
  const { at, account, afterWork = false } = where;
  const fits = (fault: { at: HttpPlace; afterWork?: boolean | undefined }) =>
    (fault.at === at || (fault.at === "gmail" && GMAIL.has(at))) && (fault.afterWork ?? false) === afterWork;
  // No answer at all: the connection stays open until the client or the sandbox closes it.
  if (parts.faults.take("stall", account, fits) !== null) return true;
  const error = parts.faults.take("http_error", account, fits);
  if (error === null) return false;
  const headers: Record<string, string> =
    error.retryAfterSeconds === undefined ? {} : { "retry-after": String(error.retryAfterSeconds) };
  if (GMAIL.has(at)) {
    const reason = error.reason ?? reasonFor(error.status);
    googleApiError(res, { status: error.status, reason, message: MESSAGES[reason] ?? "Backend Error" }, headers);
  } else {
    const body = { error: error.reason ?? "internal_failure", error_description: "Backend Error" };
    sendJson(res, error.status, body, headers);
  }
  return true;
};

const GMAIL: ReadonlySet<HttpPlace> = new Set<HttpPlace>([
  "gmail",
  "messages.send",
  "messages.list",
  "messages.get",
  "settings.sendAs.list",
  "getProfile",
]);

const reasonFor = (status: number): string => {
  if (status === 429) return "rateLimitExceeded";
  return status === 403 ? "dailyLimitExceeded" : "backendError";
};

/** Gmail's text for each reason (developers.google.com/workspace/gmail/api/guides/handle-errors). */
const MESSAGES: Readonly<Record<string, string>> = {
  accessNotConfigured: "Gmail API has not been used in project 1 before or it is disabled.",
  authError: "Invalid Credentials",
  dailyLimitExceeded: "Daily Limit Exceeded",
  domainPolicy: "The domain administrators have disabled Gmail apps.",
  failedPrecondition: "Precondition check failed.",
  forbidden: "Delegation denied",
  insufficientPermissions: "Request had insufficient authentication scopes.",
  quotaExceeded: "Quota exceeded",
  rateLimitExceeded: "User-rate limit exceeded.  Retry after 2026-11-22T12:00:00.000Z",
  userRateLimitExceeded: "User Rate Limit Exceeded",
};
