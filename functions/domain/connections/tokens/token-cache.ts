import { conditionalWrite } from "../../change-on-condition.ts";
import type { Clock } from "../../clock.ts";
import { SECOND } from "../../clock.ts";
import { LEAST_TOKEN_LIFE_MS, type TokenAnswer } from "../../google/tokens.ts";
import type { Records, Versioned, Write, WriteOf } from "../../records.ts";
import type { Sealer } from "../../sealer.ts";
import type { Secret } from "../../secret.ts";
import type { AccessTokenEntry } from "../records.ts";

const LEASE_MS = 30 * SECOND;
/** However the time is scaled: longer than the shortest network time-out, else two would ask Google while one waits. */
const SHORTEST_LEASE_MS = 1_500;

export interface CacheDeps {
  readonly clock: Clock;
  readonly records: Records;
  readonly sealer: Sealer;
}

export interface HeldToken {
  readonly token: Secret;
  readonly expiresAtMs: number;
  readonly scopes: readonly string[];
}

/** A seal opens for its own server and generation only: moved to another record it is worth nothing. */
const sealContext = (serverId: string, generation: number): string => `access-token:${serverId}:${generation}`;

export const readEntry = (
  deps: Pick<CacheDeps, "records">,
  serverId: string,
): Promise<Versioned<AccessTokenEntry> | undefined> => deps.records.get("accessTokens", serverId);

/** The cached token with enough life left; undefined: none, too old, or sealed under a key that is gone. */
export const openEntry = async (
  deps: CacheDeps,
  entry: Versioned<AccessTokenEntry> | undefined,
): Promise<HeldToken | undefined> => {
  if (entry === undefined || entry.value.sealed === null) return undefined;
  const { sealed, generation, expiresAtMs, scopes } = entry.value;
  if (expiresAtMs - deps.clock.nowMs() <= deps.clock.lasting(LEAST_TOKEN_LIFE_MS)) return undefined;
  const token = await deps.sealer.open(sealed, sealContext(entry.id, generation));
  return token === undefined ? undefined : { token, expiresAtMs, scopes };
};

export const isLeased = (clock: Clock, entry: Versioned<AccessTokenEntry> | undefined): boolean =>
  (entry?.value.leaseUntilMs ?? 0) > clock.nowMs();

const EMPTY = { sealed: null, scopes: [], expiresAtMs: 0, leaseUntilMs: null } as const;

/** The right to ask Google for the next token; null: someone else was faster. What is cached stays for the others. */
export const takeLease = async (
  deps: CacheDeps,
  serverId: string,
  entry: Versioned<AccessTokenEntry> | undefined,
): Promise<Versioned<AccessTokenEntry> | null> => {
  const leaseMs = Math.max(SHORTEST_LEASE_MS, deps.clock.lasting(LEASE_MS));
  const leaseUntilMs = deps.clock.nowMs() + leaseMs;
  const value: AccessTokenEntry = { ...(entry?.value ?? { generation: 0, ...EMPTY }), leaseUntilMs };
  const place = { id: serverId, version: entry?.version };
  const outcome = await deps.records.commit([conditionalWrite("accessTokens", place, value)]);
  return outcome.done ? { id: serverId, value, version: outcome.versions[0] ?? "" } : null;
};

/** The lease given back with nothing new. Losing it is fine: then it is no longer ours to give back. */
export const giveBackLease = async (deps: CacheDeps, lease: Versioned<AccessTokenEntry>): Promise<void> => {
  await deps.records.commit([conditionalWrite("accessTokens", lease, { ...lease.value, leaseUntilMs: null })]);
};

/**
 * The write that puts a token that Google has just given into the entry, one generation on, and ends the lease: the one
 * way for all who get a token (`obtain`, a check, a consent). It is on condition of the entry as it was read, because a
 * token that came meanwhile already has that generation, and must not be sealed over.
 */
export const mintedWrite = async (
  deps: Pick<CacheDeps, "sealer">,
  before: { readonly id: string; readonly entry: Pick<Versioned<AccessTokenEntry>, "value" | "version"> | undefined },
  tokens: Pick<TokenAnswer, "accessToken" | "expiresAtMs"> & Pick<HeldToken, "scopes">,
): Promise<WriteOf<"accessTokens">> => {
  const { id, entry } = before;
  const generation = (entry?.value.generation ?? 0) + 1;
  const sealed = await deps.sealer.seal(tokens.accessToken, sealContext(id, generation));
  const { scopes, expiresAtMs } = tokens;
  const value = { ...entry?.value, generation, sealed, scopes, expiresAtMs, leaseUntilMs: null };
  return conditionalWrite("accessTokens", { id, version: entry?.version }, value);
};

/**
 * Empties the entry. Goes into the commit that ends the grant: no cached token outlives it, and whoever is minting from it just now
 * can no longer put its token there. The record stays, so that generations only grow.
 */
export const emptyEntryWrite = (serverId: string, entry: Versioned<AccessTokenEntry> | undefined): Write => ({
  op: "put",
  kind: "accessTokens",
  id: serverId,
  value: { ...entry?.value, generation: (entry?.value.generation ?? 0) + 1, ...EMPTY },
});
