import { authenticateSession } from "../access/authenticate.ts";
import type { SessionId } from "../access/records.ts";
import { type NewSession, sessionKey } from "../access/sessions.ts";
import type { SetupTokenDeps } from "../access/setup-token.ts";
import { isOwn } from "../mail-servers/visible-server.ts";
import type { Versioned } from "../records.ts";
import { findState, pkcePair, reopenState, spendState, takeState } from "./authorization-state.ts";
import { noteAcceptance, noteRejection } from "./client-facts.ts";
import { type ConnectDeps, connectServer } from "./connect-server.ts";
import { readClient } from "./oauth-client.ts";
import type { GoogleOAuth, Identity, TokenAnswer, TokenRefusal } from "./ports.ts";
import type { OAuthState } from "./records.ts";
import { signIn } from "./sign-in.ts";

export interface ConfirmDeps extends ConnectDeps, SetupTokenDeps {
  readonly oauth: Pick<GoogleOAuth, "exchangeCode" | "identify" | "revoke">;
}

/** The rows of the callback table (contract, section 4). */
export type CallbackProblem =
  | "state_invalid"
  | "code_invalid"
  | "consent_denied"
  | "consent_refused"
  | "not_admitted"
  | "account_mismatch"
  | "scope_missing"
  | "refresh_token_missing"
  | "identity_unproven"
  | "client_rejected"
  | "google_unavailable";

/** What the browser brought back from Google; a parameter that is absent, or there twice, is null. */
export interface Callback {
  readonly sessionId: SessionId | null;
  readonly state: string | null;
  readonly code: string | null;
  readonly error: string | null;
}

export type ConfirmOutcome =
  | { readonly kind: "connected"; readonly serverId: string }
  | { readonly kind: "signed_in"; readonly next: string; readonly session: NewSession }
  /** `serverId`: the server it was about, where this browser may know of it. */
  | { readonly kind: "failed"; readonly code: CallbackProblem; readonly serverId: string | null };

/** What an authorization came to before its server or person was looked at. */
export interface ProvenGrant {
  readonly tokens: TokenAnswer & { readonly scopes: readonly string[] };
  readonly identity: Identity;
  readonly clientId: string;
  readonly sessionId: SessionId;
}

export type Verdict = Exclude<ConfirmOutcome, { readonly kind: "failed" }> | CallbackProblem;

/**
 * Ends an authorization. The state comes first, whatever else the callback says: nothing is told, asked or spent for one that is unknown, used,
 * expired or from another browser. Every outcome but `google_unavailable` uses it up. Throws `Unavailable`; the state may then be
 * taken again once its lease is over.
 */
export const confirmAuthorization = async (deps: ConfirmDeps, callback: Callback): Promise<ConfirmOutcome> => {
  const { sessionId } = callback;
  if (sessionId === null) return { kind: "failed", code: "state_invalid", serverId: null };
  const found = await findState(deps, callback.state, sessionKey(sessionId));
  const serverId = found?.value.purpose.kind === "connect" ? found.value.purpose.serverId : null;
  const state = found === null ? null : await takeState(deps, found);
  if (state === null) return { kind: "failed", code: "state_invalid", serverId };
  const verdict = await judge(deps, { ...callback, sessionId }, state);
  if (typeof verdict !== "string") return verdict;
  if (verdict === "google_unavailable") await reopenState(deps, state);
  else await spendState(deps, state);
  deps.log.warn("authorization_failed", { problem: verdict, purpose: state.value.purpose.kind, server: serverId });
  return { kind: "failed", code: verdict, serverId };
};

type Returned = Callback & { readonly sessionId: SessionId };

const judge = async (deps: ConfirmDeps, callback: Returned, state: Versioned<OAuthState>): Promise<Verdict> => {
  if (!(await stillAllowed(deps, callback.sessionId, state.value))) return "state_invalid";
  if (callback.error !== null) return callback.error === "access_denied" ? "consent_denied" : "consent_refused";
  if (callback.code === null) return "code_invalid";
  const proven = await exchange(deps, { ...callback, code: callback.code }, state.value);
  if (typeof proven === "string") return proven;
  const { purpose } = state.value;
  return purpose.kind === "sign_in"
    ? signIn(deps, { state, proven, next: purpose.next })
    : connectServer(deps, { state, proven, serverId: purpose.serverId, actor: purpose.actor });
};

/** The session must still live, and the server be there; a person who is no longer let in connects nothing. */
const stillAllowed = async (deps: ConfirmDeps, sessionId: SessionId, state: OAuthState): Promise<boolean> => {
  const { session, principal } = await authenticateSession(deps, sessionId);
  if (session === null) return false;
  if (state.purpose.kind === "sign_in") return true;
  const server = await deps.records.get("mailServers", state.purpose.serverId);
  if (server === undefined) return false;
  // An anonymous session was bound for someone who started with a bearer credential: the state itself is the proof.
  if (session.actor.kind === "anonymous") return true;
  return principal !== null && (principal.kind !== "member" || isOwn(principal, server.value));
};

/** Code to tokens to a proven identity, by the client that the consent was given to. */
const exchange = async (
  deps: ConfirmDeps,
  { sessionId, state, code }: Returned & { readonly code: string },
  { clientId, nonce, scopes: asked = [] }: OAuthState,
): Promise<ProvenGrant | CallbackProblem> => {
  const { client } = await readClient(deps);
  if (client === null) return "client_rejected";
  // Another client was saved meanwhile: begin anew with that one.
  if (client.clientId !== clientId) return "state_invalid";
  const { verifier } = pkcePair(sessionId, state ?? "");
  const answer = await deps.oauth.exchangeCode(client, { code, verifier });
  if (!answer.ok) return refusalCode(deps, clientId, answer.refusal);
  await noteAcceptance(deps, clientId);
  if (answer.tokens.idToken === null) return "identity_unproven";
  const proof = await deps.oauth.identify(answer.tokens.idToken, { audience: clientId, nonce });
  const scopes = answer.tokens.scopes ?? asked;
  if (proof.ok) return { tokens: { ...answer.tokens, scopes }, identity: proof.identity, clientId, sessionId };
  deps.log.error("identity_unproven", { detail: proof.detail });
  return proof.reason === "unreachable" ? "google_unavailable" : "identity_unproven";
};

const refusalCode = async (deps: ConfirmDeps, clientId: string, refusal: TokenRefusal): Promise<CallbackProblem> => {
  switch (refusal.kind) {
    case "ended":
      return refusal.error === "invalid_grant" ? "code_invalid" : "consent_refused";
    case "client_rejected":
      await noteRejection(deps, clientId, refusal.error);
      return "client_rejected";
    case "unreachable":
      deps.log.warn("google_unreachable", { reason: refusal.reason });
      return "google_unavailable";
  }
};
