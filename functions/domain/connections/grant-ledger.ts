import { type ChangeDeps, changeOnCondition, conditionalWrite } from "../change-on-condition.ts";
import { type Clock, DAY } from "../clock.ts";
import type { Records, Versioned, Write } from "../records.ts";
import type { Settings } from "../settings/settings.ts";
import { sha256Hex } from "../sha256.ts";
import type { GrantLedger } from "./records.ts";

/**
 * Google keeps at most 100 refresh tokens per account and client and silently revokes the oldest beyond that, so every
 * grant is counted here (developers.google.com/identity/protocols/oauth2, "Refresh token expiration").
 */
export const TOKEN_CAP = 100;
/** From this many grants on, the oldest one is at risk. */
export const WARN_FROM = 80;
/** A superseded grant is never used again, so Google drops it after six months, or after seven days in testing. */
const UNUSED_LIFE_MS = 180 * DAY;
const TESTING_LIFE_MS = 7 * DAY;
const KEPT = 2 * TOKEN_CAP;

interface Deps {
  readonly clock: Clock;
  readonly records: Records;
}

export interface GrantsOf {
  readonly clientId: string;
  readonly sub: string;
}

type Entry = GrantLedger["grants"][number];
type Declared = Pick<Settings, "publishingStatus">;

const ledgerKey = ({ clientId, sub }: GrantsOf): string => sha256Hex(`${clientId}\n${sub}`);

export const readGrantLedger = (
  deps: Pick<Deps, "records">,
  of: GrantsOf,
): Promise<Versioned<GrantLedger> | undefined> => deps.records.get("grantLedgers", ledgerKey(of));

/** Returns the grants that may still be alive: each server's latest, and superseded ones that are not too old. Pure. */
export const livingGrants = (
  clock: Clock,
  ledger: GrantLedger | undefined,
  { publishingStatus }: Declared,
): readonly Entry[] => {
  const grants = ledger?.grants ?? [];
  const fromMs = clock.nowMs() - clock.lasting(publishingStatus === "testing" ? TESTING_LIFE_MS : UNUSED_LIFE_MS);
  const latest = (at: number, id: string | null): boolean =>
    id !== null && !grants.slice(at + 1).some(({ serverId }) => serverId === id);
  return grants.filter(({ atMs, serverId }, at) => atMs > fromMs || latest(at, serverId));
};

/**
 * Counts the grants from this server's latest one on, including it: at 101 it is dead; 0 means it has none here. Pure.
 */
export const rankOf = (grants: readonly Entry[], serverId: string): number => {
  const at = grants.findLastIndex((entry) => entry.serverId === serverId);
  return at < 0 ? 0 : grants.length - at;
};

/** Builds the write that counts one more grant. It belongs in the same commit that stores the grant. */
export const countGrant = (
  clock: Clock,
  {
    of,
    kept,
    declared,
  }: { readonly of: GrantsOf; readonly kept: Versioned<GrantLedger> | undefined; declared: Declared },
  serverId: string | null,
): { readonly write: Write; readonly grants: readonly Entry[] } => {
  const grants = [...livingGrants(clock, kept?.value, declared), { atMs: clock.nowMs(), serverId }].slice(-KEPT);
  const write = conditionalWrite(
    "grantLedgers",
    { id: ledgerKey(of), version: kept?.version },
    { ...kept?.value, grants },
  );
  return { write, grants };
};

/**
 * Drops all grants, since Relais has just revoked them at Google. What it notes is read by a consent that is under way
 * meanwhile (`writeGrant`): its grant may have been one of them. Throws `Unavailable`, and `Contended`.
 */
export const noteRevocation = (deps: Deps & ChangeDeps, of: GrantsOf): Promise<"noted"> =>
  changeOnCondition(deps, "note a revocation", async () => {
    const kept = await readGrantLedger(deps, of);
    const place = { id: ledgerKey(of), version: kept?.version };
    const value = { ...kept?.value, grants: [], revokedAtMs: deps.clock.nowMs() };
    const outcome = await deps.records.commit([conditionalWrite("grantLedgers", place, value)]);
    return outcome.done ? "noted" : "contended";
  });

/**
 * Drops the grants up to that time, because the person revoked them. A lost race leaves the count too high.
 * Throws `Unavailable`.
 */
export const forgetGrants = async (deps: Deps, of: GrantsOf, upToMs: number): Promise<void> => {
  const kept = await readGrantLedger(deps, of);
  if (kept === undefined) return;
  const grants = kept.value.grants.filter(({ atMs }) => atMs > upToMs);
  await deps.records.commit([conditionalWrite("grantLedgers", kept, { ...kept.value, grants })]);
};
