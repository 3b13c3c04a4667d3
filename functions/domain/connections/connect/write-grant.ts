import { auditWrite } from "../../access/audit.ts";
import { type Grant, grantOf, type MailServer } from "../../mail-servers/mail-server.ts";
import { newsOfMove, serverInNews } from "../../mail-servers/news-of-move.ts";
import { reassessConnection } from "../../mail-servers/reassess-connection.ts";
import { type ServerDeps, saveServer } from "../../mail-servers/save-server.ts";
import { withConnection } from "../../mail-servers/understood.ts";
import type { Versioned } from "../../records.ts";
import { liveConnection } from "../checks/lifetime.ts";
import { nextCheckAtMs } from "../checks/next-check.ts";
import { countGrant, readGrantLedger } from "../grant-ledger.ts";
import type { GrantLedger, OAuthState } from "../records.ts";
import { type ClientDeps, clientReader } from "../tokens/oauth-client.ts";
import { type CacheDeps, mintedWrite, readEntry } from "../tokens/token-cache.ts";
import { useStateWrite } from "./authorization-state.ts";
import type { ProvenGrant } from "./callback.ts";

export interface ConnectRequest {
  readonly state: Versioned<OAuthState>;
  readonly proven: ProvenGrant;
  readonly serverId: string;
  readonly actor: string;
}

interface WriteGrantDeps extends ClientDeps, ServerDeps, CacheDeps {}

/** The index of the state's write in the commit: it follows the server's own. */
const STATE_WRITE = 1;

/** Relais has revoked the account's grants since this consent began, and perhaps the one that it brought. */
const mayBeRevoked = (ledger: GrantLedger | undefined, { createdAtMs }: OAuthState): boolean =>
  (ledger?.revokedAtMs ?? 0) >= createdAtMs;

/**
 * Writes the new grant if the server has not changed since it was read, and uses the state up in the same commit. The
 * result's `grants` are all of the account's, the new one included. Throws `Unavailable`.
 */
export const writeGrant = async (
  deps: WriteGrantDeps,
  { state, proven, serverId, actor }: ConnectRequest,
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
    ...withConnection(value, reassessConnection(live, deps.clock.nowMs())),
    accountSub: grant.sub,
    nextCheckAtMs: mayBeRevoked(kept?.value, state.value) ? deps.clock.nowMs() : nextCheckAtMs(deps, grant, app),
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
  const connected = { server: serverInNews(serverId, value), email: grant.email, transport: value.transport };
  // The end of a new grant may be near at once; what was told of the one before says nothing about this one.
  const fresh: MailServer = { ...value, connection: { state: "valid", grant } };
  const warning = newsOfMove(serverId, fresh, after.connection);
  const news = [{ kind: "connected", ...connected } as const, ...(warning === null ? [] : [warning])];
  const outcome = await saveServer(deps, server, { value: after, also, news });
  if (outcome.done) return { grants: counted.grants };
  return outcome.at === STATE_WRITE ? "state_lost" : "contended";
};
