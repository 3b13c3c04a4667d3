import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { authenticate } from "../domain/access/authenticate.ts";
import { csrfAccepted } from "../domain/access/csrf.ts";
import type { Principal, SessionId } from "../domain/access/records.ts";
import { parseSessionId } from "../domain/access/sessions.ts";
import type { Problem } from "../domain/problem.ts";
import type { Records } from "../domain/records.ts";
import { ok, type Result } from "../domain/result.ts";
import { settingsReader } from "../domain/settings/read-settings.ts";
import { refusalsOf, refusedIn } from "./refused-credentials.ts";
import { rememberingKeys } from "./remembered-keys.ts";
import type { System } from "./system.ts";

/** What a request brings to say who calls; nothing proven yet. */
export interface Credentials {
  readonly authorizationHeader: string | undefined;
  readonly sessionId: SessionId | null;
}

const SESSION_COOKIE = /(?:^|[;,])\s*__session\s*=([^;]*)/g;

/**
 * `__session` is the only cookie ever read. A request with more than one has none: a sibling host can plant a second one, and nothing
 * says which is ours. Node joins several Cookie headers by "; "; an intermediary may have joined them by a comma.
 */
const sessionIdOf = (cookieHeader: string | undefined): SessionId | null => {
  const [only, ...others] = (cookieHeader ?? "").matchAll(SESSION_COOKIE);
  return only === undefined || others.length > 0 ? null : parseSessionId((only[1] ?? "").trim());
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

/** Somebody showed a credential that does not hold: guesses are seen in the log, and get slower. */
const noteRefusal = async (system: System, { authorizationHeader }: Credentials): Promise<void> => {
  const refused = authorizationHeader === undefined ? null : refusedIn(authorizationHeader);
  if (refused !== null) await refusalsOf(system)(refused);
};

/** Who calls; null for nobody known. Problems: `unauthenticated` for a bearer that does not hold, `google_unavailable`. */
export const whoCalls = async (system: System, credentials: Credentials): Promise<Result<Principal | null>> => {
  const { setupToken, production } = system.config;
  const seen = { ...system, records: recordsFor(system) };
  const deps = { ...seen, readAccessLists: settingsReader(seen), setupToken, production };
  const known = await authenticate(deps, credentials);
  if (known.ok) return ok(known.value.principal);
  if (known.problem.code === "unauthenticated") await noteRefusal(system, credentials);
  return known;
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
