import type { Clock } from "../clock.ts";
import type { GoogleOAuth } from "../google/tokens.ts";
import type { Problem } from "../problem.ts";
import type { Records } from "../records.ts";
import { fail, ok, type Result } from "../result.ts";
import { type AccessEnvironment, type AccessLists, admitActor, names } from "./admission.ts";
import { findKeyHolder, looksLikeApiKey } from "./api-keys.ts";
import type { Principal, Session, SessionId } from "./records.ts";
import { findSession } from "./sessions.ts";
import { type SetupTokenDeps, setupTokenAccepted, setupTokenLives } from "./setup-token.ts";

export interface AuthenticateDeps extends SetupTokenDeps {
  readonly clock: Clock;
  readonly records: Records;
  readonly environment: AccessEnvironment;
  /** The lists as they are now. Throws `Unavailable`. */
  readonly readAccessLists: () => Promise<AccessLists>;
  readonly oauth: Pick<GoogleOAuth, "identify">;
}

/** `session`: the browser's live session, also when it lets nobody in; null where the caller came with a bearer credential. */
export interface Authenticated {
  readonly principal: Principal | null;
  readonly session: Session | null;
}

const UNAUTHENTICATED: Problem = { code: "unauthenticated" };

/**
 * Who calls. A bearer credential, where one is sent, decides alone: a wrong one is `unauthenticated` even beside a good cookie.
 * Without one the session of the cookie counts; an anonymous session, or that of someone no longer let in, has no principal.
 * Problems: `unauthenticated`; `google_unavailable` where an ID token cannot be checked now. Throws `Unavailable`.
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

/** The live session of that id and who it lets in now. */
export const authenticateSession = async (deps: SessionDeps, sessionId: SessionId): Promise<Authenticated> => {
  const session = await findSession(deps, sessionId);
  return session === null ? NOBODY : { principal: await principalOf(deps, session), session };
};

/** What a session's holder is now: re-decided at every request, by the lists as they are. */
const principalOf = async (deps: SessionDeps, session: Session): Promise<Principal | null> => {
  const { actor } = session;
  if (actor.kind === "anonymous") return null;
  const lists = await deps.readAccessLists();
  switch (actor.kind) {
    case "google":
      return admitActor(actor, lists, deps.environment);
    case "setup":
      return setupTokenLives(deps, lists) ? { kind: "setup" } : null;
    default:
      // Signed in by a way of a later release: what that lets anybody do here is not known.
      return null;
  }
};

/** The token of an Authorization header (RFC 6750 §2.1); undefined where it is none. */
export const bearerIn = (header: string): string | undefined => /^Bearer +([^\s]+) *$/i.exec(header)?.[1];

const byBearer = async (deps: AuthenticateDeps, header: string): Promise<Result<Authenticated>> => {
  const bearer = bearerIn(header);
  if (bearer === undefined) return fail(UNAUTHENTICATED);
  if (looksLikeApiKey(bearer)) return admitted(await findKeyHolder(deps, bearer));
  const lists = await deps.readAccessLists();
  if (setupTokenAccepted(deps, lists, bearer)) return admitted({ kind: "setup" });
  return looksLikeIdToken(bearer) ? byIdToken(deps, lists, bearer) : fail(UNAUTHENTICATED);
};

export const looksLikeIdToken = (bearer: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(bearer);

/** A Google-signed ID token made for us (`aud` is our URL), of an account named in `RELAIS_CALLERS`. */
const byIdToken = async (deps: AuthenticateDeps, lists: AccessLists, token: string): Promise<Result<Authenticated>> => {
  const { publicUrl } = deps.environment;
  // Root URLs go with or without a trailing slash, and whoever asks Google for the token writes it as they please.
  const proven = await deps.oauth.identify(token, { audience: [publicUrl, `${publicUrl}/`], nonce: null });
  if (!proven.ok) {
    return fail(proven.reason === "unreachable" ? { code: "google_unavailable", retryAfterS: 5 } : UNAUTHENTICATED);
  }
  const { email } = proven.identity;
  return admitted(names(lists.callers, proven.identity) ? { kind: "caller", email } : null);
};

const admitted = (principal: Principal | null): Result<Authenticated> =>
  principal === null ? fail(UNAUTHENTICATED) : ok({ principal, session: null });
