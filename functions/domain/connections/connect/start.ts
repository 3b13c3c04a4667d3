import type { Principal, SessionId } from "../../access/records.ts";
import { principalName } from "../../access/records.ts";
import { newSessionId, sessionKey } from "../../access/sessions.ts";
import type { Clock } from "../../clock.ts";
import type { GoogleOAuth } from "../../google/tokens.ts";
import { scopeToAskFor } from "../../mail-servers/scopes.ts";
import { visibleServer } from "../../mail-servers/server-access.ts";
import { isUnderstoodServer } from "../../mail-servers/understood.ts";
import type { Randomness } from "../../randomness.ts";
import type { Records } from "../../records.ts";
import { fail, ok, type Result } from "../../result.ts";
import { readSettings } from "../../settings/read-settings.ts";
import type { EnvironmentSettings } from "../../settings/settings.ts";
import type { Transport } from "../../transport.ts";
import type { AuthorizationPurpose, OAuthState } from "../records.ts";
import { pkcePair, STATE_LIFE_MS, stateKey } from "./authorization-state.ts";
import { SIGN_IN_SCOPES, sealSignIn } from "./sealed-state.ts";

export interface StartDeps {
  readonly clock: Clock;
  readonly random: Randomness;
  readonly records: Records;
  readonly environment: EnvironmentSettings;
  readonly oauth: Pick<GoogleOAuth, "authorizationUrl">;
}

/** `sessionId` is the id in the browser's cookie, if any; `live` says whether it belongs to a live session. */
export interface Browser {
  readonly sessionId: SessionId | null;
  readonly live: boolean;
}

/** `cookie` is the id the browser must keep, and for how long; it is null for a live session, which has its cookie. */
export interface Started {
  readonly location: string;
  readonly cookie: { readonly id: SessionId; readonly maxAgeS: number } | null;
}

interface ConsentRequest {
  readonly purpose: AuthorizationPurpose;
  readonly transport: Transport | null;
  readonly loginHint: string | null;
}

/**
 * Begins the consent for one mail server. The problems are `not_found` (there is no such server, or it belongs to
 * someone else: members connect only their own), `newer_version` (a later release wrote it) and
 * `gmail_credentials_missing`. Throws `Unavailable`.
 */
export const startConnecting = async (
  deps: StartDeps,
  browser: Browser & { readonly principal: Principal },
  serverId: string,
): Promise<Result<Started>> => {
  const server = await visibleServer(deps.records, browser.principal, serverId);
  if (!server.ok) return server;
  if (!isUnderstoodServer(server.value.value)) return fail({ code: "newer_version" });
  const { transport, username } = server.value.value;
  const purpose = { kind: "connect", serverId, actor: principalName(browser.principal) } as const;
  return begin(deps, browser, { purpose, transport, loginHint: username });
};

/** `next` must already be checked to be a path of our own. The only problem is `gmail_credentials_missing`. */
export const startSigningIn = (deps: StartDeps, browser: Browser, next: string): Promise<Result<Started>> =>
  begin(deps, browser, { purpose: { kind: "sign_in", next }, transport: null, loginHint: null });

/**
 * An id without a session grants nothing: it only ties the state to the browser that holds it, and signing in replaces
 * it. We keep any id that is already there, because several tabs share it.
 */
const cookieFor = (deps: StartDeps, { sessionId, live }: Browser): { id: SessionId; cookie: Started["cookie"] } => {
  const id = sessionId ?? newSessionId(deps.random);
  const maxAgeS = Math.max(1, Math.ceil(deps.clock.lasting(STATE_LIFE_MS) / 1_000));
  return { id, cookie: live ? null : { id, maxAgeS } };
};

interface Begun {
  readonly state: string;
  readonly nonce: string;
}

const begin = async (deps: StartDeps, browser: Browser, request: ConsentRequest): Promise<Result<Started>> => {
  const credentials = (await readSettings(deps.records, deps.environment)).value.gmailCredentials;
  if (credentials === null) return fail({ code: "gmail_credentials_missing" });
  const { clientId } = credentials;
  const { id, cookie } = cookieFor(deps, browser);
  const { purpose, transport, loginHint } = request;
  const scopes = [...SIGN_IN_SCOPES, ...(transport === null ? [] : [scopeToAskFor(transport)])];
  const { state, nonce } =
    purpose.kind === "sign_in"
      ? sealed(deps, id, { next: purpose.next, clientId })
      : await stored(deps, {
          sessionId: id,
          clientId,
          scopes,
          purpose,
          ...(browser.live ? {} : { withoutSession: true }),
        });
  const location = await deps.oauth.authorizationUrl({
    clientId,
    scopes,
    state,
    nonce,
    codeChallenge: pkcePair(id, state).challenge,
    loginHint,
    offline: transport !== null,
  });
  return ok({ location, cookie });
};

/** A longer path would make the URL to Google too long; we never send anyone to one on purpose. */
const LONGEST_NEXT = 500;

const sealed = (deps: StartDeps, id: SessionId, { next, clientId }: { next: string; clientId: string }): Begun => {
  const createdAtMs = deps.clock.nowMs();
  const expiresAtMs = createdAtMs + deps.clock.lasting(STATE_LIFE_MS);
  const short = next.length > LONGEST_NEXT ? "/" : next;
  return sealSignIn(id, deps.random.token(32), { next: short, clientId, createdAtMs, expiresAtMs });
};

interface NewState extends Pick<OAuthState, "clientId" | "scopes" | "purpose" | "withoutSession"> {
  readonly sessionId: SessionId;
}

/** The state must be durable before we send the browser away: it may be back within a second. */
const stored = async (deps: StartDeps, { sessionId, ...asked }: NewState): Promise<Begun> => {
  const [state, nonce] = [deps.random.token(32), deps.random.token(32)];
  const nowMs = deps.clock.nowMs();
  const expiresAtMs = nowMs + deps.clock.lasting(STATE_LIFE_MS);
  const value: OAuthState = {
    ...asked,
    nonce,
    sessionSha256: sessionKey(sessionId),
    phase: { kind: "open" },
    createdAtMs: nowMs,
    expiresAtMs,
    // The record outlives the state so that the page shown to a latecomer can still name the server.
    eraseAtMs: expiresAtMs + deps.clock.lasting(STATE_LIFE_MS),
  };
  await deps.records.commit([{ op: "create", kind: "oauthStates", id: stateKey(state), value }]);
  return { state, nonce };
};
