import { changeOnCondition } from "../../change-on-condition.ts";
import type { GmailAccount } from "../../google/accounts.ts";
import type { GoogleOAuth } from "../../google/tokens.ts";
import { type Grant, grantOf } from "../../mail-servers/mail-server.ts";
import type { ServerDeps } from "../../mail-servers/save-server.ts";
import { replaceGrant } from "../../mail-servers/understood.ts";
import type { Secret } from "../../secret.ts";
import { readSendAs } from "../checks/send-as.ts";
import { beginSecretChange, tidySecrets } from "../endings/secret-sweep.ts";
import type { ClientDeps } from "../tokens/oauth-client.ts";
import type { CacheDeps } from "../tokens/token-cache.ts";
import { type CallbackOutcome, type CallbackProblem, type ProvenGrant, refused } from "./callback.ts";
import { discardGrant } from "./discard-grant.ts";
import { grantProblem } from "./grant-problem.ts";
import { newGrant } from "./new-grant.ts";
import type { SignInDeps } from "./sign-in.ts";
import { tryWarningOfCap } from "./warn-of-cap.ts";
import { type ConnectRequest, writeGrant } from "./write-grant.ts";

export interface ConnectDeps extends ClientDeps, SignInDeps, ServerDeps, CacheDeps {
  readonly oauth: Pick<GoogleOAuth, "revoke">;
  readonly gmailAccount: Pick<GmailAccount, "sendAs">;
}

/** The mail server was deleted while the user was at Google. */
const GONE: CallbackProblem = { code: "state_invalid" };

/**
 * Gives a server its proven grant in this order: the note that its secrets are changing; the secret; one commit with
 * the pointer to it, the used state, the cached access token and the audit entry; the end of the superseded secret.
 * A crash leaves the server as before or as after, with at most one extra secret, which the sweep finds by the note.
 * The superseded token is never revoked: that would void the new one too, as one account gave both to one client.
 */
export const connectServer = async (deps: ConnectDeps, request: ConnectRequest): Promise<CallbackOutcome> => {
  const { proven, serverId } = request;
  const server = await deps.records.get("mailServers", serverId);
  const problem = server === undefined ? GONE : grantProblem(server.value, proven);
  if (problem !== null) return rejectGrant(deps, proven, problem);
  const { refreshToken } = proven.tokens;
  if (refreshToken === null) return refused({ code: "refresh_token_missing" });
  return storeGrant(deps, request, refreshToken);
};

const storeGrant = async (
  deps: ConnectDeps,
  request: ConnectRequest,
  refreshToken: Secret,
): Promise<CallbackOutcome> => {
  const { proven, serverId } = request;
  const name = { kind: "refresh_token", serverId } as const;
  const { email } = proven.identity;
  const change = await beginSecretChange(deps, serverId);
  const [secretVersion, sendAs] = await Promise.all([
    deps.vault.add(name, refreshToken),
    readSendAs(deps, { username: email, accessToken: proven.tokens.accessToken }, proven.tokens.scopes),
  ]);
  const { outcome, unused } = await pointToSecret(deps, request, { secretVersion, sendAs });
  await tidySecrets(deps, serverId, { unused, change });
  return outcome;
};

interface Pointed {
  readonly outcome: CallbackOutcome;
  /** No server uses this secret any more: it is the superseded one or, if the new one was not adopted, the new one. */
  readonly unused: string | undefined;
}

const pointToSecret = async (
  deps: ConnectDeps,
  request: ConnectRequest,
  stored: { readonly secretVersion: string; readonly sendAs: Grant["sendAs"] },
): Promise<Pointed> => {
  const { proven, serverId } = request;
  return changeOnCondition<Pointed>(deps, "connect a mail server", async () => {
    const server = await deps.records.get("mailServers", serverId);
    // Someone may have deleted the server or changed its address or transport while the user was at Google.
    const problem = server === undefined ? GONE : grantProblem(server.value, proven);
    if (server === undefined || problem !== null) {
      return { outcome: await rejectGrant(deps, proven, problem ?? GONE), unused: stored.secretVersion };
    }
    const before = grantOf(server.value);
    const grant = replaceGrant(before, newGrant(deps, proven, { ...stored, before }));
    const written = await writeGrant(deps, request, server, grant);
    if (written === "state_lost") return { outcome: refused({ code: "state_invalid" }), unused: stored.secretVersion };
    if (written === "contended") return written;
    await tryWarningOfCap(deps, { grants: written.grants, sub: grant.sub, clientId: grant.clientId });
    return { outcome: { kind: "connected", serverId }, unused: before?.secretVersion };
  });
};

const rejectGrant = async (
  deps: ConnectDeps,
  proven: ProvenGrant,
  problem: CallbackProblem,
): Promise<CallbackOutcome> => {
  await discardGrant(deps, proven, problem.code);
  return refused(problem);
};
