import type { Clock } from "../clock.ts";
import type { GoogleOAuth } from "../google/tokens.ts";
import type { Problem } from "../problem.ts";
import type { Records } from "../records.ts";
import { fail, ok, type Result } from "../result.ts";
import { type AccessEnvironment, type AccessLists, admitActor, listCovers } from "./admission.ts";
import { findKeyHolder, looksLikeApiKey } from "./api-keys.ts";
import type { Principal, Session, SessionActor, SessionId } from "./records.ts";
import type { Person } from "./session-view.ts";
import { findSession } from "./sessions.ts";
import { isSetupToken, isSetupTokenLive, type SetupTokenDeps } from "./setup-token.ts";

export interface AuthenticateDeps extends SetupTokenDeps {
  readonly clock: Clock;
  readonly records: Records;
  readonly environment: AccessEnvironment;
  /** The lists as they are now. Throws `Unavailable`. */
  readonly readAccessLists: () => Promise<AccessLists>;
  readonly oauth: Pick<GoogleOAuth, "identify">;
}

export interface Authenticated {
  readonly principal: Principal | null;
  /** The browser's live session, even if it lets nobody in; null if the caller sent a bearer credential. */
  readonly session: Session | null;
}

const UNAUTHENTICATED: Problem = { code: "unauthenticated" };

/**
 * Finds out who calls. If a bearer credential is sent, it alone decides: a wrong one is `unauthenticated` even with a
 * valid cookie. Otherwise the session of the cookie counts; it has no principal if it is anonymous or its holder is no
 * longer admitted. `google_unavailable` if an ID token cannot be checked now. Throws `Unavailable`.
 */
export const authenticate = async (
  deps: AuthenticateDeps,
  request: { readonly authorizationHeader: string | undefined; readonly sessionId: SessionId | null },
): Promise<Result<Authenticated>> => {
  if (request.authorizationHeader !== undefined) return byBearer(deps, request.authorizationHeader);
  return ok(request.sessionId === null ? NOBODY : await authenticateSession(deps, request.sessionId));
};

const NOBODY: Authenticated = { principal: null, session: null };

type SessionDeps = Pick<AuthenticateDeps, "clock" | "records" | "environment" | "readAccessLists"> & SetupTokenDeps;

/** Finds a live session and its holder's present role. */
export const authenticateSession = async (deps: SessionDeps, sessionId: SessionId): Promise<Authenticated> => {
  const session = await findSession(deps, sessionId);
  return session === null ? NOBODY : { principal: await principalOf(deps, session), session };
};

/** Decides a session's role by the present lists, again at every request. */
const principalOf = async (deps: SessionDeps, { actor }: Session): Promise<Principal | null> =>
  actor.kind === "anonymous" ? null : holderOf(deps, actor, await deps.readAccessLists());

/** Who came in this way and what they may do by these lists; null if they are not let in. */
export const holderOf = (
  deps: SetupTokenDeps & Pick<AuthenticateDeps, "environment">,
  actor: SessionActor,
  lists: AccessLists,
): Person | null => {
  switch (actor.kind) {
    case "anonymous":
      return null;
    case "google":
      return admitActor(actor, lists, deps.environment);
    case "setup":
      return isSetupTokenLive(deps, lists) ? { kind: "setup" } : null;
    default:
      // Only a later release knows this way of signing in, and what it permits.
      return null;
  }
};

/** The token in an Authorization header (RFC 6750 §2.1); undefined if there is none. */
export const bearerIn = (header: string): string | undefined => /^Bearer +([^\s]+) *$/i.exec(header)?.[1];

const byBearer = async (deps: AuthenticateDeps, header: string): Promise<Result<Authenticated>> => {
  const bearer = bearerIn(header);
  if (bearer === undefined) return fail(UNAUTHENTICATED);
  if (looksLikeApiKey(bearer)) return requirePrincipal(await findKeyHolder(deps, bearer));
  const lists = await deps.readAccessLists();
  if (isSetupToken(deps, lists, bearer)) return requirePrincipal({ kind: "setup" });
  return looksLikeIdToken(bearer) ? byIdToken(deps, lists, bearer) : fail(UNAUTHENTICATED);
};

export const looksLikeIdToken = (bearer: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(bearer);

/** Takes a Google-signed ID token whose `aud` is our URL, of an account on the list of callers. */
const byIdToken = async (deps: AuthenticateDeps, lists: AccessLists, token: string): Promise<Result<Authenticated>> => {
  const { publicUrl } = deps.environment;
  // A root URL is valid with or without a trailing slash, and the caller chooses which to ask Google for.
  const proven = await deps.oauth.identify(token, { audience: [publicUrl, `${publicUrl}/`], nonce: null });
  if (!proven.ok) {
    return fail(proven.reason === "unreachable" ? { code: "google_unavailable", retryAfterS: 5 } : UNAUTHENTICATED);
  }
  const { email } = proven.identity;
  return requirePrincipal(listCovers(lists.callers, proven.identity) ? { kind: "caller", email } : null);
};

const requirePrincipal = (principal: Principal | null): Result<Authenticated> =>
  principal === null ? fail(UNAUTHENTICATED) : ok({ principal, session: null });
