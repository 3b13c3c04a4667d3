import { auditWrite } from "../../access/audit.ts";
import { sameMailbox } from "../../address.ts";
import { changeOnCondition } from "../../change-on-condition.ts";
import type { GmailAccount } from "../../google/accounts.ts";
import type { GoogleOAuth, Identity } from "../../google/tokens.ts";
import { judgeConnection } from "../../mail-servers/judge-connection.ts";
import { kindOfAccount } from "../../mail-servers/limits.ts";
import { type Grant, grantOf, isRenamed, type MailServer } from "../../mail-servers/mail-server.ts";
import { named } from "../../mail-servers/news-of-move.ts";
import { type ServerDeps, saveServer } from "../../mail-servers/save-server.ts";
import { scopesSuffice } from "../../mail-servers/scopes.ts";
import { isUnderstoodServer, succeeding, withConnection } from "../../mail-servers/understood.ts";
import type { Versioned } from "../../records.ts";
import type { Secret } from "../../secret.ts";
import { liveConnection } from "../checks/lifetime.ts";
import { nextCheckAtMs } from "../checks/next-check.ts";
import { newerSendAs, readSendAs } from "../checks/send-as.ts";
import { beginSecretChange, tidySecrets } from "../endings/secret-sweep.ts";
import { countGrant, forgetGrants, readGrantLedger } from "../grant-ledger.ts";
import type { GrantLedger, OAuthState } from "../records.ts";
import { serversOfAccount } from "../siblings.ts";
import { type ClientDeps, clientReader } from "../tokens/oauth-client.ts";
import { type CacheDeps, mintedWrite, readEntry } from "../tokens/token-cache.ts";
import { useStateWrite } from "./authorization-state.ts";
import { type CallbackProblem, type ProvenGrant, refused, type Verdict } from "./callback.ts";
import { withAddress } from "./identity.ts";
import type { SignInDeps } from "./sign-in.ts";
import { warnOfCap } from "./warn-of-cap.ts";

export interface ConnectDeps extends ClientDeps, SignInDeps, ServerDeps, CacheDeps {
  readonly oauth: Pick<GoogleOAuth, "revoke">;
  readonly gmailAccount: Pick<GmailAccount, "sendAs">;
}

interface Errand {
  readonly state: Versioned<OAuthState>;
  readonly proven: ProvenGrant;
  readonly serverId: string;
  readonly actor: string;
}

/** The mail server was deleted while the person was at Google. */
const GONE: CallbackProblem = { code: "state_invalid" };

/** The account of the server's present grant, which had the server's username before it was renamed at Google. */
const wasRenamed = (server: MailServer, { sub, email }: Identity): boolean => {
  const before = grantOf(server);
  if (before === null || before.sub !== sub) return false;
  return isRenamed({ ...server, connection: { state: "valid", grant: withAddress(before, email) } });
};

/** What keeps a proven grant from serving this server; null: nothing. */
const misfit = (server: MailServer, { identity, tokens }: ProvenGrant): CallbackProblem | null => {
  const { email } = identity;
  if (!isUnderstoodServer(server)) return { code: "newer_version" };
  if (!sameMailbox(email, server.username) && !wasRenamed(server, identity))
    return { code: "account_mismatch", came: email, expected: server.username };
  if (!scopesSuffice(server.transport, tokens.scopes)) return { code: "scope_missing" };
  return tokens.refreshToken === null ? { code: "refresh_token_missing" } : null;
};

/**
 * Gives a server its proven grant, in this order: the note that its secrets change; secret; then, in one commit, the pointer to it, the state used, the cached access token and
 * the audit; then the superseded secret's end. A crash leaves the server as before or as after, and at most one secret too many, which the sweep finds by the note.
 * The superseded token is never revoked: that would void the new one too (google-facts: one account, one client).
 */
export const connectServer = async (deps: ConnectDeps, errand: Errand): Promise<Verdict> => {
  const { proven, serverId } = errand;
  const server = await deps.records.get("mailServers", serverId);
  const problem = server === undefined ? GONE : misfit(server.value, proven);
  if (problem !== null) return discard(deps, proven, problem);
  const { refreshToken } = proven.tokens;
  if (refreshToken === null) return refused({ code: "refresh_token_missing" });
  return store(deps, errand, refreshToken);
};

const store = async (deps: ConnectDeps, errand: Errand, refreshToken: Secret): Promise<Verdict> => {
  const { proven, serverId } = errand;
  const name = { kind: "refresh_token", serverId } as const;
  const { email } = proven.identity;
  const change = await beginSecretChange(deps, serverId);
  const [secretVersion, sendAs] = await Promise.all([
    deps.vault.add(name, refreshToken),
    readSendAs(deps, { username: email, accessToken: proven.tokens.accessToken }, proven.tokens.scopes),
  ]);
  const { verdict, useless } = await point(deps, errand, { secretVersion, sendAs });
  await tidySecrets(deps, serverId, { useless, change });
  return verdict;
};

interface Pointed {
  readonly verdict: Verdict;
  /** The secret that serves nobody now: the superseded one, or the new one itself. */
  readonly useless: string | undefined;
}

/** Points the server to the new secret. */
const point = async (
  deps: ConnectDeps,
  errand: Errand,
  stored: { readonly secretVersion: string; readonly sendAs: Grant["sendAs"] },
): Promise<Pointed> => {
  const { proven, serverId } = errand;
  return changeOnCondition<Pointed>(deps, "connect a mail server", async () => {
    const server = await deps.records.get("mailServers", serverId);
    // Deleted, or given another address or transport, while the person was at Google.
    const problem = server === undefined ? GONE : misfit(server.value, proven);
    if (server === undefined || problem !== null) {
      return { verdict: await discard(deps, proven, problem ?? GONE), useless: stored.secretVersion };
    }
    const before = grantOf(server.value);
    const grant = succeeding(before, newGrant(deps, proven, { ...stored, before }));
    const written = await writeGrant(deps, errand, server, grant);
    if (written === "state_lost") return { verdict: refused({ code: "state_invalid" }), useless: stored.secretVersion };
    if (written === "contended") return written;
    await lookAtCap(deps, { grants: written.grants, sub: grant.sub, clientId: grant.clientId });
    return { verdict: { kind: "connected", serverId }, useless: before?.secretVersion };
  });
};

const addressOf = ({ sub, email }: Identity, before: Grant | null): Pick<Grant, "email" | "formerEmails"> => {
  if (before === null || before.sub !== sub) return { email };
  const { formerEmails } = withAddress(before, email);
  return { email, ...(formerEmails !== undefined && { formerEmails }) };
};

const newGrant = (
  deps: ConnectDeps,
  { tokens, identity, clientId }: ProvenGrant,
  stored: { readonly secretVersion: string; readonly sendAs: Grant["sendAs"]; readonly before: Grant | null },
): Grant => ({
  secretVersion: stored.secretVersion,
  tokenMarks: tokens.refreshTokenMarks ?? [],
  generation: (stored.before?.generation ?? 0) + 1,
  sub: identity.sub,
  ...addressOf(identity, stored.before),
  clientId,
  accountKind: kindOfAccount(identity.email, identity.hostedDomain),
  scopes: tokens.scopes,
  connectedAtMs: deps.clock.nowMs(),
  lastVerifiedAtMs: deps.clock.nowMs(),
  refreshTokenExpiresAtMs: tokens.refreshTokenExpiresAtMs,
  sendAs: newerSendAs(stored.before?.sub === identity.sub ? stored.before.sendAs : null, stored.sendAs),
  ...(stored.before?.sub === identity.sub && { sessionLivesMs: stored.before.sessionLivesMs ?? [] }),
});

/** After the server's own. */
const STATE_WRITE = 1;

const writeGrant = async (
  deps: ConnectDeps,
  { state, proven, serverId, actor }: Errand,
  server: Versioned<MailServer>,
  grant: Grant,
): Promise<{ readonly grants: GrantLedger["grants"] } | "state_lost" | "contended"> => {
  const [{ app }, entry, kept] = await Promise.all([
    clientReader(deps)(),
    readEntry(deps, serverId),
    readGrantLedger(deps, grant),
  ]);
  const { value } = server;
  const live: MailServer = { ...value, connection: liveConnection(deps, grant, app) };
  const after: MailServer = {
    ...withConnection(value, judgeConnection(live, deps.clock.nowMs())),
    accountSub: grant.sub,
    nextCheckAtMs: nextCheckAtMs(deps, grant, app),
  };
  const caching = await mintedWrite(deps, { id: serverId, entry }, proven.tokens);
  const detail = { email: grant.email, reconnect: grantOf(value) !== null };
  const counted = countGrant(deps.clock, { of: grant, kept, declared: app }, serverId);
  const also = [
    useStateWrite(state, proven.codeSha256),
    caching,
    counted.write,
    auditWrite(deps, { actor, action: "connection.connect", target: serverId, detail }),
  ] as const;
  const of = { server: named(serverId, value), email: grant.email, transport: value.transport };
  const outcome = await saveServer(deps, server, { value: after, also, news: { kind: "connected", ...of } });
  if (outcome.done) return { grants: counted.grants };
  return outcome.at === STATE_WRITE ? "state_lost" : "contended";
};

/** What became of the consent stands by now, and is no worse for this: the next one looks again. */
const lookAtCap = async (deps: ConnectDeps, of: Parameters<typeof warnOfCap>[1]): Promise<void> => {
  try {
    await warnOfCap(deps, of);
  } catch (error) {
    deps.log.error("cap_not_looked_at", {}, error);
  }
};

/**
 * The new grant is dropped unstored. At Google it is revoked only where nobody can live by it, since a revocation voids all grants of the account for this
 * client: not if any mail server, this one included, holds one of the same account, and not without a refresh token, which is what a consent brings where
 * an earlier grant stands. A failure to revoke leaves a grant that nobody holds the token of.
 */
const discard = async (deps: ConnectDeps, proven: ProvenGrant, problem: CallbackProblem): Promise<Verdict> => {
  await dropGrant(deps, proven, problem.code);
  return refused(problem);
};

const dropGrant = async (
  deps: ConnectDeps,
  { tokens, identity, clientId }: ProvenGrant,
  problem: CallbackProblem["code"],
): Promise<void> => {
  if (tokens.refreshToken === null) return;
  const of = { clientId, sub: identity.sub };
  const shared = await serversOfAccount(deps.records, identity.sub);
  if (shared.length > 0) {
    // It lives on at Google, and takes one of the account's places there. Losing a race leaves one uncounted.
    const { app } = await clientReader(deps)();
    const kept = await readGrantLedger(deps, of);
    const { write, grants } = countGrant(deps.clock, { of, kept, declared: app }, null);
    if ((await deps.records.commit([write])).done) await lookAtCap(deps, { ...of, grants });
    return;
  }
  const answer = await deps.oauth.revoke(tokens.refreshToken);
  if (answer !== "unreachable") await forgetGrants(deps, of, deps.clock.nowMs());
  deps.log.info("grant_discarded", { problem, answer });
};
