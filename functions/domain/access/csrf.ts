import { createHmac } from "node:crypto";
import { sameText } from "./constant-time.ts";
import type { SessionId } from "./records.ts";

/** The session's CSRF token. It is derived from the session id, so it is not stored and ends with the session. */
export const csrfToken = (sessionId: SessionId): string =>
  createHmac("sha256", sessionId).update("relais csrf 1").digest("base64url");

/**
 * Whether a state-changing request with a cookie comes from our own pages: the browser says so (`Sec-Fetch-Site`, which
 * no page can forge), or the header `X-Relais-CSRF` has the session's token, which only they can read.
 */
export const csrfAccepted = (request: {
  readonly sessionId: SessionId;
  readonly secFetchSite: string | undefined;
  readonly csrfHeader: string | undefined;
}): boolean =>
  request.secFetchSite === "same-origin" ||
  (request.csrfHeader !== undefined && sameText(request.csrfHeader, csrfToken(request.sessionId)));
