import { type Clock, SECOND } from "../../clock.ts";
import type { AccessTokenOutcome, AccessTokens } from "../../google/tokens.ts";
import { grantOf, type MailServer } from "../../mail-servers/mail-server.ts";
import { isUnderstoodServer } from "../../mail-servers/understood.ts";
import type { Versioned } from "../../records.ts";
import type { Secret } from "../../secret.ts";
import { mayBeAlive } from "../checks/may-be-alive.ts";
import { noteGrantError } from "../checks/note-grant-error.ts";
import { noteGrantWorks } from "../checks/note-grant-works.ts";
import { endGrant } from "../endings/end-grant.ts";
import type { AccessTokenEntry } from "../records.ts";
import { type AskDeps, askGoogle, type RefreshOutcome, scopesOf } from "./ask-google.ts";
import {
  type CacheDeps,
  giveBackLease,
  isLeased,
  mintedWrite,
  openEntry,
  readEntry,
  takeLease,
} from "./token-cache.ts";

export interface AccessTokenDeps extends AskDeps, CacheDeps {
  readonly clock: Clock;
}

/** How long to wait for another process's refresh: a little longer than a lease. Nominal. */
const GIVE_UP_AFTER_MS = 40 * SECOND;
/** A refresh takes less than a second. Only that of a process that has died lasts longer, until its lease ends. */
const LONGEST_LOOKS = 4;

export const accessTokens = (deps: AccessTokenDeps): AccessTokens => {
  const underWay = new Map<string, Promise<AccessTokenOutcome>>();
  const begin = (serverId: string, unlike: Secret | undefined): Promise<AccessTokenOutcome> => {
    const work = fetchToken(deps, serverId, unlike).finally(() => underWay.delete(serverId));
    underWay.set(serverId, work);
    return work;
  };
  const obtain: AccessTokens["obtain"] = async (serverId, unlike) => {
    for (;;) {
      const running = underWay.get(serverId);
      if (running === undefined) return begin(serverId, unlike);
      const outcome = await running;
      if (unlike === undefined || !outcome.ok || !outcome.token.matches(unlike)) return outcome;
    }
  };
  return {
    obtain,
    renew: async (serverId) => obtain(serverId, (await openEntry(deps, await readEntry(deps, serverId)))?.token),
  };
};

const unavailable = (retryAfterS: number): AccessTokenOutcome => ({
  ok: false,
  why: "google_unavailable",
  retryAfterS,
});

const fetchToken = async (
  deps: AccessTokenDeps,
  serverId: string,
  unlike: Secret | undefined,
): Promise<AccessTokenOutcome> => {
  const giveUpAtMs = deps.clock.nowMs() + Math.max(3 * SECOND, deps.clock.lasting(GIVE_UP_AFTER_MS));
  let looks = 0;
  while (deps.clock.nowMs() < giveUpAtMs) {
    const entry = await readEntry(deps, serverId);
    const held = await openEntry(deps, entry);
    if (held !== undefined && unlike?.matches(held.token) !== true) return { ok: true, ...held, identity: null };
    if (isLeased(deps.clock, entry)) {
      looks += 1;
      await deps.clock.sleep(Math.min(looks, LONGEST_LOOKS) * (50 + 100 * deps.random.fraction()));
      continue;
    }
    const lease = await takeLease(deps, serverId, entry);
    const outcome = lease === null ? null : await mint(deps, lease);
    if (outcome !== null) return outcome;
  }
  return unavailable(5);
};

/** Asks Google while holding the lease. Null if the grant has changed in the meantime, so that it must start over. */
const mint = async (deps: AccessTokenDeps, lease: Versioned<AccessTokenEntry>): Promise<AccessTokenOutcome | null> => {
  const server = await deps.records.get("mailServers", lease.id);
  const grant = server === undefined ? null : grantOf(server.value);
  if (server === undefined || grant === null || !mayBeAsked(server.value)) {
    await giveBackLease(deps, lease);
    return { ok: false, why: "not_connected" };
  }
  const refreshed = await askGoogle(deps, lease.id, grant);
  if (refreshed.kind === "token") {
    const outcome = await storeToken(deps, lease, refreshed);
    if (outcome?.ok) await noteGrantWorks(deps, lease.id, refreshed);
    return outcome;
  }
  if (refreshed.kind === "dead") {
    const ended = await endGrant(deps, { serverId: lease.id, secretVersion: grant.secretVersion }, refreshed.death);
    // Ending the grant also clears the lease, but if somebody else has ended it, the lease must be given back.
    await giveBackLease(deps, lease);
    return ended ? { ok: false, why: "grant_dead", reason: refreshed.death.reason } : null;
  }
  await giveBackLease(deps, lease);
  if (refreshed.kind === "unreachable") return unavailable(refreshed.retryAfterS);
  await noteGrantError(deps, lease.id, refreshed.kind);
  return refreshed.kind === "account_mismatch"
    ? { ok: false, why: refreshed.kind, scopes: refreshed.scopes }
    : { ok: false, why: refreshed.kind };
};

/** Whether the grant has not been given up, and this release knows its state. */
const mayBeAsked = (server: MailServer): boolean => {
  const { connection } = server;
  return isUnderstoodServer(server) && (connection.state !== "reconnect_required" || mayBeAlive(connection));
};

const storeToken = async (
  deps: AccessTokenDeps,
  lease: Versioned<AccessTokenEntry>,
  { tokens, grant, identity }: Extract<RefreshOutcome, { readonly kind: "token" }>,
): Promise<AccessTokenOutcome | null> => {
  const scopes = scopesOf(tokens, grant);
  const { accessToken, expiresAtMs } = tokens;
  const write = await mintedWrite(deps, { id: lease.id, entry: lease }, { accessToken, expiresAtMs, scopes });
  const outcome = await deps.records.commit([write]);
  return outcome.done ? { ok: true, token: accessToken, expiresAtMs, scopes, identity: identity.kind } : null;
};
