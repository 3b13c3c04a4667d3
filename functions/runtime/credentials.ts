import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { authenticate } from "../domain/access/authenticate.ts";
import { csrfAccepted } from "../domain/access/csrf.ts";
import type { Principal, SessionId } from "../domain/access/records.ts";
import { parseSessionId } from "../domain/access/sessions.ts";
import type { Problem } from "../domain/problem.ts";
import type { Records } from "../domain/records.ts";
import { ok, type Result } from "../domain/result.ts";
import { settingsReader } from "../domain/settings/read-settings.ts";
import { withKeyCache } from "./key-cache.ts";
import { refusalsOf, refusedIn } from "./refused-credentials.ts";
import type { System } from "./system.ts";

/** What a request presents to say who is calling; nothing is proven yet. */
export interface Credentials {
  readonly authorizationHeader: string | undefined;
  readonly sessionId: SessionId | null;
}

const SESSION_COOKIE = /(?:^|[;,])\s*__session\s*=([^;]*)/g;

/**
 * `__session` is the only cookie that is read. A request with two has none: a sibling host can plant a second one, and
 * we cannot know which is ours. Node joins several Cookie headers with "; ", but an intermediary may have used a comma.
 */
const sessionIdOf = (cookieHeader: string | undefined): SessionId | null => {
  const [only, ...others] = (cookieHeader ?? "").matchAll(SESSION_COOKIE);
  return only === undefined || others.length > 0 ? null : parseSessionId((only[1] ?? "").trim());
};

/**
 * Behind IAM, Cloud Run passes the caller's ID token on without its signature
 * (cloud.google.com/run/docs/authenticating/service-to-service), so it would be refused here. It need not be accepted:
 * our HTTP functions are public to IAM, and the others only receive pushes, which IAM alone admits.
 */
export const readCredentials = (headers: IncomingHttpHeaders): Credentials => ({
  authorizationHeader: headers.authorization,
  sessionId: sessionIdOf(headers.cookie),
});

const cachedRecords = new WeakMap<System, Records>();

/** The embedded store is always asked: a read is cheap there, and a revocation takes effect at once. */
const recordsFor = (system: System): Records => {
  if (system.config.store === "embedded") return system.records;
  const known = cachedRecords.get(system) ?? withKeyCache(system.records, system.clock);
  cachedRecords.set(system, known);
  return known;
};

/** Records a wrong credential, so that guesses show up in the log and get slower. */
const noteRefusal = async (system: System, { authorizationHeader }: Credentials): Promise<void> => {
  const refused = authorizationHeader === undefined ? null : refusedIn(authorizationHeader);
  if (refused !== null) await refusalsOf(system)(refused);
};

/**
 * Returns the caller, or null if there is none. Problems: `unauthenticated` for a bearer token that is not valid,
 * `google_unavailable`.
 */
export const identifyCaller = async (system: System, credentials: Credentials): Promise<Result<Principal | null>> => {
  const { setupToken, production } = system.config;
  const seen = { ...system, records: recordsFor(system) };
  const deps = { ...seen, readAccessLists: settingsReader(seen), setupToken, production };
  const known = await authenticate(deps, credentials);
  if (known.ok) return ok(known.value.principal);
  if (known.problem.code === "unauthenticated") await noteRefusal(system, credentials);
  return known;
};

const SAFE_METHODS = ["GET", "HEAD", "OPTIONS"];

/** Another site's page can make a browser send our cookie, but neither a bearer credential nor these headers. */
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
