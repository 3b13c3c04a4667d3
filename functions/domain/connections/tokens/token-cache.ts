import { conditionalWrite } from "../../change-on-condition.ts";
import type { Clock } from "../../clock.ts";
import { SECOND } from "../../clock.ts";
import { LEAST_TOKEN_LIFE_MS, type TokenAnswer } from "../../google/tokens.ts";
import type { Records, Versioned, Write, WriteOf } from "../../records.ts";
import type { Sealer } from "../../sealer.ts";
import type { Secret } from "../../secret.ts";
import type { AccessTokenEntry } from "../records.ts";

const LEASE_MS = 30 * SECOND;
/** At any time scale, a lease must outlast the shortest network time-out, or two processes would ask Google at once. */
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

/** A sealed token can be opened only for its own server and generation, so it is useless in another record. */
const sealContext = (serverId: string, generation: number): string => `access-token:${serverId}:${generation}`;

export const readEntry = (
  deps: Pick<CacheDeps, "records">,
  serverId: string,
): Promise<Versioned<AccessTokenEntry> | undefined> => deps.records.get("accessTokens", serverId);

/** The cached token; undefined if there is none, it expires soon, or its sealing key is gone. */
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

/** Takes the right to ask Google for the next token; null if another process was faster. The cached token stays. */
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

/** Gives a lease back unused. Losing the race is fine: the lease is then no longer ours. */
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
 * Empties the entry. It must go into the commit that ends the grant, so that no cached token outlives it and a
 * concurrent mint cannot store one. The record stays, so that generations only increase.
 */
export const emptyEntryWrite = (serverId: string, entry: Versioned<AccessTokenEntry> | undefined): Write => ({
  op: "put",
  kind: "accessTokens",
  id: serverId,
  value: { ...entry?.value, generation: (entry?.value.generation ?? 0) + 1, ...EMPTY },
});
