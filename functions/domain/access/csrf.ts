import { createHmac } from "node:crypto";
import { sameText } from "./constant-time.ts";
import type { SessionId } from "./records.ts";

/** The session's CSRF token: derived, so nothing is stored, and it ends with the session. Only the session's own pages can read it. */
export const csrfToken = (sessionId: SessionId): string =>
  createHmac("sha256", sessionId).update("relais csrf 1").digest("base64url");

/**
 * May a state-changing request that came with a cookie be taken? Yes from our own pages: the browser says so itself
 * (`Sec-Fetch-Site`, which no page can forge), or the header `X-Relais-CSRF` holds the session's token.
 */
export const csrfAccepted = (request: {
  readonly sessionId: SessionId;
  readonly secFetchSite: string | undefined;
  readonly csrfHeader: string | undefined;
}): boolean =>
  request.secFetchSite === "same-origin" ||
  (request.csrfHeader !== undefined && sameText(request.csrfHeader, csrfToken(request.sessionId)));
