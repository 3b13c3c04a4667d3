import { changeOnCondition } from "../../change-on-condition.ts";
import type { ConnectionState } from "../../connection-states.ts";
import type { GmailAccount } from "../../google/accounts.ts";
import type { GoogleOAuth } from "../../google/tokens.ts";
import { judgeConnection } from "../../mail-servers/judge-connection.ts";
import { type Connection, type Grant, grantOf, type MailServer } from "../../mail-servers/mail-server.ts";
import { noteOnServer, type ServerDeps, saveServer } from "../../mail-servers/save-server.ts";
import { isUnderstoodServer, withConnection } from "../../mail-servers/understood.ts";
import type { Versioned } from "../../records.ts";
import { readSettings } from "../../settings/read-settings.ts";
import { withAddress } from "../connect/identity.ts";
import { endGrant } from "../endings/end-grant.ts";
import type { AccessTokenEntry } from "../records.ts";
import { type AskDeps, askGoogle, type GoogleSaid, scopesOf } from "../tokens/ask-google.ts";
import { noteClientFacts } from "../tokens/client-facts.ts";
import { hasClientTrouble } from "../tokens/client-trouble.ts";
import { clientReader } from "../tokens/oauth-client.ts";
import { type CacheDeps, mintedWrite, openEntry, readEntry } from "../tokens/token-cache.ts";
import type { CheckWhen } from "./ask-for-check.ts";
import { type App, liveConnection, outlivesTesting, withoutOutlivedSession } from "./lifetime.ts";
import { mayLiveOn } from "./may-live-on.ts";
import { LONGEST_CLIENT_RETRY_MS, nextCheckAtMs, refusalCheckAtMs, retryCheckAtMs } from "./next-check.ts";
import type { Unserving } from "./note-unserving.ts";
import { askIfRefusalIsOver, type ProbeDeps } from "./refusal-over.ts";
import { newerSendAs, readSendAs } from "./send-as.ts";

export interface CheckDeps extends AskDeps, ServerDeps, CacheDeps, ProbeDeps {
  readonly oauth: Pick<GoogleOAuth, "refresh" | "identify">;
  readonly gmailAccount: Pick<GmailAccount, "sendAs">;
}

export type CheckOutcome =
  /** No such server, or nothing to prove: never connected, disconnected, to be reconnected by a person, checked meanwhile, or a later release's to check. */
  | { readonly kind: "nothing_to_check" }
  /** Google or our own client stood in the way; the grant will be checked again. */
  | { readonly kind: "postponed"; readonly why: "client_rejected" | "google_unavailable" }
  | { readonly kind: "checked"; readonly state: ConnectionState };

/** What a check works on, as read at its beginning. */
interface Case {
  readonly server: Versioned<MailServer>;
  readonly entry: Versioned<AccessTokenEntry> | undefined;
}

/** Only Google can give a disabled account back, and then no person need do anything here. */
const beyondProof = ({ connection }: MailServer): boolean =>
  connection.state === "reconnect_required" && connection.reason !== "account_disabled" && !mayLiveOn(connection);

/**
 * Proves one server's grant: a refresh, the scopes, the identity; reads the send-as addresses; moves the state; sets the next check. Can run twice at once,
 * and again after a redelivery: it says what is so. Where nothing changed it costs two reads of the store and one commit of two writes.
 * Throws `Unavailable`.
 */
export const checkServer = async (
  deps: CheckDeps,
  serverId: string,
  when: CheckWhen = "now",
): Promise<CheckOutcome> => {
  const found = await readCase(deps, serverId);
  if (found === null || (when === "due" && !isDue(deps, found.server.value))) return { kind: "nothing_to_check" };
  const { server } = found;
  if (!isUnderstoodServer(server.value)) {
    deps.log.warn("later_record_left", { kind: "mailServers", id: serverId });
    return { kind: "nothing_to_check" };
  }
  const grant = grantOf(server.value);
  if (grant === null || beyondProof(server.value)) {
    await setNextCheck(deps, server, null);
    return { kind: "nothing_to_check" };
  }
  const said = await askGoogle(deps, serverId, grant);
  switch (said.kind) {
    case "token":
      return settle(deps, found, said);
    case "dead":
      if (await endGrant(deps, { serverId, secretVersion: grant.secretVersion }, said.death)) {
        return { kind: "checked", state: "reconnect_required" };
      }
      // Another grant by now: it was proven when it came.
      return { kind: "nothing_to_check" };
    case "client_changed":
    case "client_rejected":
    case "account_mismatch":
      return unserving(deps, found, said.kind);
    case "unreachable":
      return postpone(deps, server);
  }
};

/** A server stays due until it was checked: while many are, each tick asks for it once more. */
const isDue = ({ clock }: CheckDeps, { nextCheckAtMs }: MailServer): boolean =>
  nextCheckAtMs !== null && nextCheckAtMs <= clock.nowMs();

const readCase = async (deps: CheckDeps, serverId: string): Promise<Case | null> => {
  const [server, entry] = await Promise.all([deps.records.get("mailServers", serverId), readEntry(deps, serverId)]);
  return server === undefined ? null : { server, entry };
};

/** Losing a race is fine: whoever wrote the server set its next check too, or the check is simply due again. */
const setNextCheck = async (
  deps: CheckDeps,
  server: Versioned<MailServer>,
  nextCheckAtMs: number | null,
): Promise<void> => {
  if (server.value.nextCheckAtMs !== nextCheckAtMs) await noteOnServer(deps.records, server, { nextCheckAtMs });
};

/** The grant is not to blame; yet time goes on, and while nothing can be proven its end may come near. */
const postpone = async (deps: CheckDeps, server: Versioned<MailServer>): Promise<CheckOutcome> => {
  const { app } = await (deps.client ?? clientReader(deps))();
  const { value } = server;
  const { connection: before } = value;
  const grant = grantOf(value);
  if (grant === null) return { kind: "nothing_to_check" };
  const live = before.state === "valid" || before.state === "expiring";
  const connection = live ? keepCapWarning(before, liveConnection(deps, before.grant, app)) : before;
  const after = { ...withConnection(value, connection), nextCheckAtMs: retryCheckAtMs(deps, grant, app) };
  // Losing a race is fine: whoever wrote the server knows better.
  await saveServer(deps, server, { value: after });
  return { kind: "postponed", why: "google_unavailable" };
};

/** The grant is not dead, but of no use: it is another client's, Google refuses the client, or gives another account's token. A later check may find that mended. */
const unserving = async (deps: CheckDeps, found: Case, reason: Unserving): Promise<CheckOutcome> => {
  const { server } = found;
  const { app } = await (deps.client ?? clientReader(deps))();
  const { connection: before } = server.value;
  if (before.state === "not_connected") return { kind: "nothing_to_check" };
  const { grant } = before;
  const live = before.state === "valid" || before.state === "expiring";
  const tells = reason === "client_rejected" && live && (await canTellOperators(deps, found));
  // The one trouble may follow the other: an operator saves another client because Google refuses this one.
  const now: Connection = { state: "error", grant, reason, sinceMs: deps.clock.nowMs() };
  const moves = hasClientTrouble(before) ? before.state === "error" && before.reason !== reason : live && !tells;
  const connection = moves ? now : before;
  const longestMs = reason === "client_rejected" ? LONGEST_CLIENT_RETRY_MS : undefined;
  const nextAtMs = retryCheckAtMs(deps, grant, app, longestMs);
  const value = { ...withConnection(server.value, connection), nextCheckAtMs: nextAtMs };
  await saveServer(deps, server, { value });
  return reason === "client_rejected"
    ? { kind: "postponed", why: reason }
    : { kind: "checked", state: connection.state };
};

/** The alert about this very refusal leaves through the server that operators chose: it serves for as long as its cached token is good. */
const canTellOperators = async (deps: CheckDeps, { server, entry }: Case): Promise<boolean> => {
  const { value: settings } = await readSettings(deps.records, deps.environment);
  return settings.alerts?.server === server.id && (await openEntry(deps, entry)) !== undefined;
};

type Token = Extract<GoogleSaid, { readonly kind: "token" }>;
interface Proof {
  readonly said: Token;
  readonly proven: Grant;
  readonly refusal: Awaited<ReturnType<typeof askIfRefusalIsOver>>;
}

const settle = async (deps: CheckDeps, found: Case, said: Token): Promise<CheckOutcome> => {
  if (said.identity.kind === "unreachable") return postpone(deps, found.server);
  const scopes = scopesOf(said.tokens, said.grant);
  // Without an ID token, or with one that proves nothing, the identity stands as it was proven last.
  const named = said.identity.kind === "same" ? withAddress(said.grant, said.identity.identity.email) : said.grant;
  if (named !== said.grant) deps.log.warn("account_renamed", { server: found.server.id });
  const login = { username: named.email, accessToken: said.tokens.accessToken };
  const sendAs = newerSendAs(said.grant.sendAs, await readSendAs(deps, login, scopes));
  const refreshTokenExpiresAtMs = said.tokens.refreshTokenExpiresAtMs ?? said.grant.refreshTokenExpiresAtMs;
  const lastVerifiedAtMs = deps.clock.nowMs();
  const read: Grant = { ...named, scopes, sendAs, refreshTokenExpiresAtMs, lastVerifiedAtMs };
  const proven = withoutOutlivedSession(deps, read);
  await noteOutlived(deps, proven, said.app);
  const refusal = await askIfRefusalIsOver(deps, found.server.value, login);
  return keep(deps, found, { said, proven, refusal });
};

/** Before the server's own write: it is rare, and a crash in between only has it done again. */
const noteOutlived = async (deps: CheckDeps, grant: Grant, app: App): Promise<void> => {
  if (app.sevenDayDeathAtMs === null || !outlivesTesting(deps, grant)) return;
  await noteClientFacts(deps, grant.clientId, { sevenDayDeathAtMs: null });
};

const keep = (deps: CheckDeps, found: Case, proof: Proof): Promise<CheckOutcome> =>
  changeOnCondition<CheckOutcome>(deps, "write down a check", async (lost) => {
    const now = lost === 0 ? found : await readCase(deps, found.server.id);
    if (now === null || !isUnderstoodServer(now.server.value)) return { kind: "nothing_to_check" };
    if (grantOf(now.server.value)?.secretVersion !== secretBefore(now, proof)) return { kind: "nothing_to_check" };
    const connection = judged(deps, now.server.value, proof);
    const written = await write(deps, now, { connection, proof });
    return written ? { kind: "checked", state: connection.state } : "contended";
  });

/** The secret that the record must still point to: the proven one. What was read before a rotation fails at its write and is read again. */
const secretBefore = ({ server }: Case, { proven }: Proof): string | undefined => {
  const held = grantOf(server.value);
  return held !== null && held.generation < proven.generation ? held.secretVersion : proven.secretVersion;
};

/** Time does not tell when the cap strikes, so a check cannot take that warning back; another end may come before. */
const keepCapWarning = (
  before: Connection,
  live: Extract<Connection, { readonly state: "valid" | "expiring" }>,
): Connection =>
  live.state === "valid" && before.state === "expiring" && before.reason === "token_cap"
    ? { ...before, grant: live.grant }
    : live;

const isRefused = (connection: Connection): boolean =>
  connection.state === "error" && connection.reason === "gmail_refused";

const judged = (deps: CheckDeps, server: MailServer, { proven, said, refusal }: Proof): Connection => {
  const { connection: before } = server;
  if (before.state === "not_connected" || beyondProof(server)) return before;
  const sinceMs = deps.clock.nowMs();
  // A token proves nothing here: Gmail refuses the account in spite of it.
  if (before.state === "error" && isRefused(before) && refusal !== "over") return { ...before, grant: proven };
  const live = keepCapWarning(before, liveConnection(deps, proven, said.app));
  const now = judgeConnection({ ...server, connection: live }, sinceMs);
  const same = now.state === "error" && before.state === "error" && now.reason === before.reason;
  return same ? { ...now, sinceMs: before.sinceMs } : now;
};

const write = async (
  deps: CheckDeps,
  { server, entry }: Case,
  { connection, proof }: { readonly connection: Connection; readonly proof: Proof },
): Promise<boolean> => {
  const { said, proven } = proof;
  const { id, value } = server;
  const { accessToken, expiresAtMs } = said.tokens;
  const regularAtMs = nextCheckAtMs(deps, proven, said.app);
  const nextAtMs = isRefused(connection) ? Math.min(regularAtMs, refusalCheckAtMs(deps)) : regularAtMs;
  const after = { ...withConnection(value, connection), nextCheckAtMs: nextAtMs };
  // The token of this very grant is worth caching.
  const caching = await mintedWrite(deps, { id, entry }, { accessToken, expiresAtMs, scopes: proven.scopes });
  return (await saveServer(deps, server, { value: after, also: [caching] })).done;
};
