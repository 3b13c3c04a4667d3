import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { authenticate } from "../domain/access/authenticate.ts";
import { csrfAccepted } from "../domain/access/csrf.ts";
import type { Principal, SessionId } from "../domain/access/records.ts";
import { parseSessionId } from "../domain/access/sessions.ts";
import type { Problem } from "../domain/problem.ts";
import type { Records } from "../domain/records.ts";
import { ok, type Result } from "../domain/result.ts";
import { rememberingKeys } from "./remembered-keys.ts";
import type { System } from "./system.ts";

/** What a request brings to say who calls; nothing proven yet. */
export interface Credentials {
  readonly authorizationHeader: string | undefined;
  readonly sessionId: SessionId | null;
}

/** `__session` is the only cookie ever read. Of several the first counts, as in RFC 6265 §5.4 the most specific comes first. */
const sessionIdOf = (cookieHeader: string | undefined): SessionId | null => {
  const cookies = (cookieHeader ?? "").split(";").map((cookie) => cookie.trim());
  const found = cookies.find((cookie) => cookie.startsWith("__session="));
  return found === undefined ? null : parseSessionId(found.slice("__session=".length));
};

/**
 * On a service that IAM protects, Cloud Run hands the caller's ID token on with its signature removed
 * (cloud.google.com/run/docs/authenticating/service-to-service); it would not pass here, and need not: our HTTP functions are
 * public to IAM, and those behind it take pushes only, which IAM alone admits.
 */
export const readCredentials = (headers: IncomingHttpHeaders): Credentials => ({
  authorizationHeader: headers.authorization,
  sessionId: sessionIdOf(headers.cookie),
});

const remembering = new WeakMap<System, Records>();

/** The embedded store is asked each time: there a read costs nothing, and a revocation counts at once. */
const recordsFor = (system: System): Records => {
  if (system.config.store === "embedded") return system.records;
  const known = remembering.get(system) ?? rememberingKeys(system.records, system.clock);
  remembering.set(system, known);
  return known;
};

/** Who calls; null for nobody known. Problems: `unauthenticated` for a bearer that does not hold, `google_unavailable`. */
export const whoCalls = async (system: System, credentials: Credentials): Promise<Result<Principal | null>> => {
  const { setupToken, production } = system.config;
  const known = await authenticate({ ...system, records: recordsFor(system), setupToken, production }, credentials);
  return known.ok ? ok(known.value.principal) : known;
};

const SAFE_METHODS = ["GET", "HEAD", "OPTIONS"];

/** A page of another site can make a browser send our cookie, but neither a bearer credential nor these headers. */
export const csrfProblem = (req: IncomingMessage, credentials: Credentials): Problem | null => {
  const { authorizationHeader, sessionId } = credentials;
  if (SAFE_METHODS.includes(req.method ?? "GET") || authorizationHeader !== undefined || sessionId === null)
    return null;
  const fetchSite = req.headers["sec-fetch-site"];
  const token = req.headers["x-relais-csrf"];
  const accepted = csrfAccepted({
    sessionId,
    secFetchSite: typeof fetchSite === "string" ? fetchSite : undefined,
    csrfHeader: typeof token === "string" ? token : undefined,
  });
  return accepted ? null : { code: "csrf" };
};
