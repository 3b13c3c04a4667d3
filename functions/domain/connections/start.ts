import type { Principal, SessionId } from "../access/records.ts";
import { principalName } from "../access/records.ts";
import { type NewSession, sessionKey, startSession } from "../access/sessions.ts";
import type { Clock } from "../clock.ts";
import type { Transport } from "../mail-servers/mail-server.ts";
import { scopeToAskFor } from "../mail-servers/scopes.ts";
import { visibleServer } from "../mail-servers/visible-server.ts";
import type { Randomness } from "../randomness.ts";
import type { Records } from "../records.ts";
import { fail, ok, type Result } from "../result.ts";
import { readSettings } from "../settings/read-settings.ts";
import type { EnvironmentSettings } from "../settings/settings.ts";
import { pkcePair, STATE_LIFE_MS, stateKey } from "./authorization-state.ts";
import type { GoogleOAuth } from "./ports.ts";
import type { AuthorizationPurpose } from "./records.ts";

export interface StartDeps {
  readonly clock: Clock;
  readonly random: Randomness;
  readonly records: Records;
  readonly environment: EnvironmentSettings;
  readonly oauth: Pick<GoogleOAuth, "authorizationUrl">;
}

/** The browser that asks: its live session, or null where one is to be begun for it. */
export interface Browser {
  readonly sessionId: SessionId | null;
}

/** Where to send the browser. `session`: begun just now, for the cookie. */
export interface Started {
  readonly location: string;
  readonly session: NewSession | null;
}

interface Errand {
  readonly purpose: AuthorizationPurpose;
  readonly transport: Transport | null;
  readonly loginHint: string | null;
}

/**
 * Begins the consent for one mail server. Problems: `not_found` (none such, or another's: members connect only their own),
 * `gmail_credentials_missing`. Throws `Unavailable`.
 */
export const startConnecting = async (
  deps: StartDeps,
  browser: Browser & { readonly principal: Principal },
  serverId: string,
): Promise<Result<Started>> => {
  const server = await visibleServer(deps.records, browser.principal, serverId);
  if (!server.ok) return server;
  const { transport, username } = server.value.value;
  const purpose = { kind: "connect", serverId, actor: principalName(browser.principal) } as const;
  return begin(deps, browser, { purpose, transport, loginHint: username });
};

/** Begins a person's sign-in; `next` has been checked to be a path of our own. Problems: `gmail_credentials_missing`. */
export const startSigningIn = (deps: StartDeps, browser: Browser, next: string): Promise<Result<Started>> =>
  begin(deps, browser, { purpose: { kind: "sign_in", next }, transport: null, loginHint: null });

const begin = async (deps: StartDeps, browser: Browser, errand: Errand): Promise<Result<Started>> => {
  const credentials = (await readSettings(deps.records, deps.environment)).value.gmailCredentials;
  if (credentials === null) return fail({ code: "gmail_credentials_missing" });
  const session = browser.sessionId === null ? await startSession(deps, { kind: "anonymous" }, null) : null;
  const sessionId = session?.id ?? browser.sessionId;
  if (sessionId === null) throw new Error("a browser has its session or gets one");
  const state = deps.random.token(32);
  const nonce = deps.random.token(32);
  const { clientId } = credentials;
  const scopes = ["openid", "email", ...(errand.transport === null ? [] : [scopeToAskFor(errand.transport)])];
  await keepState(deps, { state, nonce, sessionId, clientId, scopes, purpose: errand.purpose });
  const location = deps.oauth.authorizationUrl({
    clientId,
    scopes,
    state,
    nonce,
    codeChallenge: pkcePair(sessionId, state).challenge,
    loginHint: errand.loginHint,
    offline: errand.transport !== null,
  });
  return ok({ location, session });
};

interface NewState {
  readonly state: string;
  readonly nonce: string;
  readonly sessionId: SessionId;
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly purpose: AuthorizationPurpose;
}

/** Durable before the browser is sent away: it may be back within a second. */
const keepState = async (deps: StartDeps, { state, sessionId, ...asked }: NewState): Promise<void> => {
  const nowMs = deps.clock.nowMs();
  const expiresAtMs = nowMs + deps.clock.lasting(STATE_LIFE_MS);
  const value = {
    ...asked,
    sessionSha256: sessionKey(sessionId),
    phase: { kind: "open" },
    createdAtMs: nowMs,
    expiresAtMs,
    // Kept a while longer, so that a late comer's page can still name the server.
    eraseAtMs: expiresAtMs + deps.clock.lasting(STATE_LIFE_MS),
  } as const;
  await deps.records.commit([{ op: "create", kind: "oauthStates", id: stateKey(state), value }]);
};
