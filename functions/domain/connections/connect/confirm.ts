import { authenticateSession } from "../../access/authenticate.ts";
import type { SessionId } from "../../access/records.ts";
import { isSetupTokenOver, type SetupTokenDeps } from "../../access/setup-token.ts";
import type { GoogleOAuth, TokenRefusal } from "../../google/tokens.ts";
import { isInReach } from "../../mail-servers/server-access.ts";
import type { Versioned } from "../../records.ts";
import { settingsReader } from "../../settings/read-settings.ts";
import { noteRename } from "../checks/note-rename.ts";
import type { AuthorizationPurpose, OAuthState } from "../records.ts";
import { noteAcceptance, noteRejection } from "../tokens/client-facts.ts";
import { readClient } from "../tokens/oauth-client.ts";
import { codeHash, pkcePair, reopenState, spendState } from "./authorization-state.ts";
import {
  type Callback,
  type CallbackOutcome,
  type CallbackProblem,
  type Confirmed,
  type Failed,
  type ProvenGrant,
  refused,
} from "./callback.ts";
import { type ConnectDeps, connectServer } from "./connect-server.ts";
import { signIn } from "./sign-in.ts";
import { serverIn, type TakenState, takeCallback } from "./take-callback.ts";

export interface ConfirmDeps extends ConnectDeps, SetupTokenDeps {
  readonly oauth: Pick<GoogleOAuth, "exchangeCode" | "identify" | "revoke">;
}

/**
 * Ends an authorization. The state is checked before anything else: one that is unknown, used, expired or from another
 * browser reveals nothing and spends nothing, though repeating the callback that succeeded leads to its result again.
 * Every outcome but `google_unavailable` uses the state up. Throws `Unavailable`; the state can then be taken again
 * once its lease is over.
 */
export const confirmAuthorization = async (deps: ConfirmDeps, callback: Callback): Promise<Confirmed | Failed> => {
  const { sessionId } = callback;
  if (sessionId === null) return invalid(null);
  const taken = await takeCallback(deps, { ...callback, sessionId });
  if (taken.kind === "succeeded") return taken.confirmed;
  if (taken.kind === "invalid") return invalid(taken.serverId);
  if (taken.kind === "unspent") return failed(deps, taken.purpose, withoutCode(callback.error));
  const outcome = await confirmTaken(deps, callback, taken);
  return outcome.kind === "refused" ? fail(deps, taken.state, outcome.problem) : outcome;
};

const invalid = (serverId: string | null): Failed => ({
  kind: "failed",
  problem: { code: "state_invalid" },
  serverId,
});

const fail = async (deps: ConfirmDeps, state: Versioned<OAuthState>, problem: CallbackProblem): Promise<Failed> => {
  if (problem.code === "google_unavailable") await reopenState(deps, state);
  else await spendState(deps, state);
  return failed(deps, state.value.purpose, problem);
};

const failed = (deps: ConfirmDeps, purpose: AuthorizationPurpose, problem: CallbackProblem): Failed => {
  const serverId = serverIn(purpose);
  deps.log.warn("authorization_failed", { problem: problem.code, purpose: purpose.kind, server: serverId });
  return { kind: "failed", problem, serverId };
};

const confirmTaken = async (
  deps: ConfirmDeps,
  { code, error, state }: Callback,
  taken: TakenState,
): Promise<CallbackOutcome> => {
  const { purpose } = taken.state.value;
  if (!(await stillAllowed(deps, taken.browser.sessionId, taken.state.value)))
    return refused({ code: "state_invalid" });
  if (error !== null || code === null) return refused(withoutCode(error));
  const proven = await exchange(deps, taken, { code, state: state ?? "" });
  if ("kind" in proven) return proven;
  await noteRename(deps, proven.identity);
  return purpose.kind === "sign_in"
    ? signIn(deps, { state: taken.state, proven, next: purpose.next })
    : connectServer(deps, { state: taken.state, proven, serverId: purpose.serverId, actor: purpose.actor });
};

/** These errors are temporary trouble at Google (RFC 6749 §4.1.2.1); no user or administrator has refused anything. */
const PASSING_ERRORS: readonly string[] = ["server_error", "temporarily_unavailable"];
const RETRY_AFTER_S = 5;

/** `error` is what Google sent in place of a code; it is null if Google sent neither. */
const withoutCode = (error: string | null): CallbackProblem => {
  if (error === null) return { code: "code_invalid" };
  if (PASSING_ERRORS.includes(error)) return { code: "google_unavailable", retryAfterS: RETRY_AFTER_S };
  return { code: error === "access_denied" ? "consent_denied" : "consent_refused" };
};

/**
 * Anyone may sign in. To connect, the server must still exist, the session must be live and its user still admitted. If
 * the authorization began with a bearer credential and no session, the state itself is the proof.
 */
const stillAllowed = async (
  deps: ConfirmDeps,
  sessionId: SessionId,
  { purpose, withoutSession }: OAuthState,
): Promise<boolean> => {
  if (purpose.kind === "sign_in") return true;
  const server = await deps.records.get("mailServers", purpose.serverId);
  if (server === undefined) return false;
  const readAccessLists = settingsReader(deps);
  const { session, principal } = await authenticateSession({ ...deps, readAccessLists }, sessionId);
  if (session === null) return withoutSession === true;
  if (session.actor.kind === "anonymous") return true;
  // This function does not hold the setup token; one that does opened the session and, minutes ago, the authorization.
  if (session.actor.kind === "setup") return !isSetupTokenOver(deps, await readAccessLists());
  return principal !== null && isInReach(principal, server);
};

/** Uses the client that the consent was given to: Google rejects a code presented by any other. */
const exchange = async (
  deps: ConfirmDeps,
  { state: { value }, boundTo, browser }: TakenState,
  { code, state }: { readonly code: string; readonly state: string },
): Promise<ProvenGrant | Extract<CallbackOutcome, { readonly kind: "refused" }>> => {
  const { clientId, nonce, scopes: asked = [] } = value;
  const { client } = await readClient(deps);
  if (client === null) return refused({ code: "client_rejected" });
  // Someone has saved another client since, so the user must start again with that one.
  if (client.clientId !== clientId) return refused({ code: "state_invalid" });
  const { verifier } = pkcePair(boundTo, state);
  const answer = await deps.oauth.exchangeCode(client, { code, verifier });
  if (!answer.ok) return refused(await refusalProblem(deps, clientId, answer.refusal));
  await noteAcceptance(deps, clientId);
  if (answer.tokens.idToken === null) return refused({ code: "identity_unproven" });
  const proof = await deps.oauth.identify(answer.tokens.idToken, { audience: clientId, nonce });
  if (proof.ok) {
    const tokens = { ...answer.tokens, scopes: answer.tokens.scopes ?? asked };
    return { tokens, identity: proof.identity, clientId, codeSha256: codeHash(code), browser };
  }
  deps.log.error("identity_unproven", { detail: proof.detail });
  return refused(
    proof.reason === "unreachable"
      ? { code: "google_unavailable", retryAfterS: RETRY_AFTER_S }
      : { code: "identity_unproven" },
  );
};

const refusalProblem = async (deps: ConfirmDeps, clientId: string, refusal: TokenRefusal): Promise<CallbackProblem> => {
  switch (refusal.kind) {
    case "ended":
      return { code: refusal.error === "invalid_grant" ? "code_invalid" : "consent_refused" };
    case "client_rejected":
      await noteRejection(deps, clientId, refusal.error);
      return { code: "client_rejected" };
    case "unreachable":
      deps.log.warn("google_unreachable", { reason: refusal.reason });
      return { code: "google_unavailable", retryAfterS: refusal.retryAfterS };
  }
};
