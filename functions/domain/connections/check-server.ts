import { isoTime } from "../clock.ts";
import { judgeConnection } from "../mail-servers/judge-connection.ts";
import {
  type Connection,
  type ConnectionState,
  canSend,
  type Grant,
  grantOf,
  type MailServer,
} from "../mail-servers/mail-server.ts";
import type { GmailAccount } from "../messages/ports.ts";
import type { Publisher } from "../publisher.ts";
import type { Randomness } from "../randomness.ts";
import type { Versioned } from "../records.ts";
import { type AskDeps, askGoogle, type GoogleSaid } from "./ask-google.ts";
import { type EndGrantDeps, endGrant } from "./end-grant.ts";
import { liveConnection } from "./lifetime.ts";
import { nextCheckAtMs, retryCheckAtMs } from "./next-check.ts";
import type { GoogleOAuth, Identity } from "./ports.ts";
import { readSendAs } from "./send-as.ts";
import { type CacheDeps, mintedEntry, readEntry } from "./token-cache.ts";

export interface CheckDeps extends AskDeps, EndGrantDeps, CacheDeps {
  readonly random: Randomness;
  readonly oauth: Pick<GoogleOAuth, "refresh" | "identify">;
  readonly gmailAccount: Pick<GmailAccount, "sendAs">;
  readonly publisher: Publisher;
}

export type CheckOutcome =
  /** No such server, or nothing to prove: never connected, disconnected, or to be reconnected by a person. */
  | { readonly kind: "nothing_to_check" }
  /** Google or our own client stood in the way; the server is not marked and will be checked again. */
  | { readonly kind: "postponed"; readonly why: "client_rejected" | "google_unavailable" }
  | { readonly kind: "checked"; readonly state: ConnectionState };

const TRIES = 8;

/**
 * Proves one server's grant: a refresh, the scopes, the identity; reads the send-as addresses; moves the state; sets the next check. Can run twice at once,
 * and again after a redelivery: it says what is so. Throws `Unavailable`.
 */
export const checkServer = async (deps: CheckDeps, serverId: string): Promise<CheckOutcome> => {
  const server = await deps.records.get("mailServers", serverId);
  if (server === undefined) return { kind: "nothing_to_check" };
  const grant = grantOf(server.value);
  if (grant === null || server.value.connection.state === "reconnect_required") {
    await setNextCheck(deps, serverId, null);
    return { kind: "nothing_to_check" };
  }
  const said = await askGoogle(deps, serverId, grant);
  switch (said.kind) {
    case "token":
      return settle(deps, serverId, said);
    case "dead":
      if (await endGrant(deps, { serverId, secretVersion: grant.secretVersion }, said.reason)) {
        return { kind: "checked", state: "reconnect_required" };
      }
      // Another grant by now: it was proven when it came.
      return { kind: "nothing_to_check" };
    case "client_rejected":
    case "unreachable":
      await setNextCheck(deps, serverId, retryCheckAtMs(deps));
      return { kind: "postponed", why: said.kind === "unreachable" ? "google_unavailable" : "client_rejected" };
  }
};

/** Losing a race is fine: whoever wrote the server set its next check too, or the check is simply due again. */
const setNextCheck = async (deps: CheckDeps, serverId: string, atMs: number | null): Promise<void> => {
  const server = await deps.records.get("mailServers", serverId);
  if (server === undefined || server.value.nextCheckAtMs === atMs) return;
  const { version } = server;
  const value = { ...server.value, nextCheckAtMs: atMs };
  await deps.records.commit([{ op: "replace", kind: "mailServers", id: serverId, version, value }]);
};

type Token = Extract<GoogleSaid, { readonly kind: "token" }>;

const settle = async (deps: CheckDeps, serverId: string, said: Token): Promise<CheckOutcome> => {
  const identity = await identityOf(deps, said);
  if (identity === "unreachable") {
    await setNextCheck(deps, serverId, retryCheckAtMs(deps));
    return { kind: "postponed", why: "google_unavailable" };
  }
  const scopes = said.tokens.scopes.length > 0 ? said.tokens.scopes : said.grant.scopes;
  const login = { username: said.grant.email, accessToken: said.tokens.accessToken };
  const sendAs = (await readSendAs(deps, login, scopes)) ?? said.grant.sendAs;
  const refreshTokenExpiresAtMs = said.tokens.refreshTokenExpiresAtMs ?? said.grant.refreshTokenExpiresAtMs;
  const email = identity?.email ?? said.grant.email;
  const lastVerifiedAtMs = deps.clock.nowMs();
  const proven: Grant = { ...said.grant, email, scopes, sendAs, refreshTokenExpiresAtMs, lastVerifiedAtMs };
  for (let tries = 0; tries < TRIES; tries += 1) {
    const server = await deps.records.get("mailServers", serverId);
    const held = server === undefined ? null : grantOf(server.value);
    if (server === undefined || held?.secretVersion !== proven.secretVersion) return { kind: "nothing_to_check" };
    const connection = judged(deps, server.value, { proven, identity, said });
    if (await write(deps, server, { connection, said, scopes })) {
      await tell(deps, serverId, server.value, connection);
      return { kind: "checked", state: connection.state };
    }
  }
  throw new Error("a mail server was written to without end");
};

/** Null: the answer held no ID token, or one that proves nothing; then the identity stands as it was proven last. */
const identityOf = async (deps: CheckDeps, { tokens, grant }: Token): Promise<Identity | "unreachable" | null> => {
  if (tokens.idToken === null) return null;
  const proof = await deps.oauth.identify(tokens.idToken, { audience: grant.clientId, nonce: null });
  if (proof.ok) return proof.identity;
  deps.log.warn("identity_unproven", { detail: proof.detail });
  return proof.reason === "unreachable" ? "unreachable" : null;
};

const judged = (
  deps: CheckDeps,
  server: MailServer,
  { proven, identity, said }: { readonly proven: Grant; readonly identity: Identity | null; readonly said: Token },
): Connection => {
  const { connection: before } = server;
  if (before.state === "not_connected" || before.state === "reconnect_required") return before;
  const sinceMs = deps.clock.nowMs();
  // Only what found Gmail's refusal out, or a passed Test connection, can tell that it is over.
  if (before.state === "error" && before.reason === "gmail_refused") return { ...before, grant: proven };
  const live = liveConnection(deps, proven, said.settings);
  const other = identity !== null && identity.sub !== proven.sub;
  const now: Connection = other
    ? { state: "error", grant: proven, reason: "account_mismatch", sinceMs }
    : judgeConnection({ ...server, connection: live }, sinceMs);
  const same = now.state === "error" && before.state === "error" && now.reason === before.reason;
  return same ? { ...now, sinceMs: before.sinceMs } : now;
};

const write = async (
  deps: CheckDeps,
  { id, version, value }: Versioned<MailServer>,
  found: { readonly connection: Connection; readonly said: Token; readonly scopes: readonly string[] },
): Promise<boolean> => {
  const entry = await readEntry(deps, id);
  const { accessToken, expiresAtMs } = found.said.tokens;
  const before = { id, generation: entry?.value.generation ?? 0 };
  const cached = await mintedEntry(deps, before, { accessToken, expiresAtMs, scopes: found.scopes });
  const after: MailServer = { ...value, connection: found.connection, nextCheckAtMs: nextCheckAtMs(deps) };
  const outcome = await deps.records.commit([
    { op: "replace", kind: "mailServers", id, version, value: after },
    // The token of this very grant is worth caching; whoever is minting beside us reads it on their next look.
    { op: "put", kind: "accessTokens", id, value: cached },
  ]);
  return outcome.done;
};

const tell = async (deps: CheckDeps, id: string, server: MailServer, now: Connection): Promise<void> => {
  const before = server.connection.state;
  const about = { server: id, name: server.name, username: server.username };
  if (now.state === "expiring" && before !== "expiring") {
    deps.log.warn("connection_expiring", { server: id, reason: now.reason });
    const data = { ...about, reason: now.reason, expiresAt: isoTime(now.expiresAtMs) };
    await deps.announce({ type: "relais.server.expiring.v1", subject: id, data });
  }
  if (now.state === "error" && before !== "error") {
    deps.log.warn("connection_error", { server: id, reason: now.reason });
  }
  if (canSend({ ...server, connection: now }) && !canSend(server)) {
    await deps.publisher.publish("mail-dispatch", { data: { server: id }, attributes: {} });
  }
};
