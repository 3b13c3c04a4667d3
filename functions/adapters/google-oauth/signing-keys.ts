import type { JSONWebKeySet } from "jose";
import * as z from "zod";
import { type Clock, HOUR, SECOND } from "../../domain/clock.ts";
import { askEndpoint } from "./endpoint.ts";

const text = z.string();
const key = z
  .looseObject({ kty: text, kid: text.nullish() })
  .refine(({ kty, n, e }) => kty !== "RSA" || (text.safeParse(n).success && text.safeParse(e).success))
  .transform(({ kid, ...rest }) => (typeof kid === "string" ? { ...rest, kid } : rest));

/**
 * The keys of a key set as fetched; jose validates them further. Those that are not understood or lack a member are
 * ignored (RFC 7517 §5). Null: there is no key at all, so this is no key set of Google's.
 */
const keysIn = (json: unknown): JSONWebKeySet | null => {
  const parsed = z.object({ keys: z.array(z.unknown()) }).safeParse(json);
  const keys = (parsed.data?.keys ?? []).flatMap((one) => key.safeParse(one).data ?? []);
  return keys.length === 0 ? null : { keys };
};

/** Google rotates its keys every few weeks and publishes each long before use; its answers may be cached for hours. */
const CACHE_MS = HOUR;
/**
 * A token that matches no key makes us fetch again at once, but not for every forged one: so many times in a row, and
 * once more each time that this has passed. Nominal.
 */
const REFETCHES_IN_A_ROW = 5;
const REFETCH_AFTER_MS = 2 * SECOND;

export interface SigningKeys {
  /**
   * The cached keys if they are fresh enough and hold `kid`, else those that Google has now. Null: unreachable, so that
   * nobody knows whether `kid` is Google's.
   */
  keysFor(kid: string | undefined): Promise<JSONWebKeySet | null>;
  /** Fetches the keys again for a token whose key in `known` does not match. Null: nothing newer. */
  fetchNewer(known: JSONWebKeySet): Promise<JSONWebKeySet | null>;
}

/** Says whether one more refetch may be made now, and counts it. */
const refetchAllowance = (clock: Clock): (() => boolean) => {
  let paidUntilMs = Number.NEGATIVE_INFINITY;
  return () => {
    const priceMs = clock.lasting(REFETCH_AFTER_MS);
    const nextMs = Math.max(paidUntilMs, clock.nowMs()) + priceMs;
    if (nextMs > clock.nowMs() + REFETCHES_IN_A_ROW * priceMs) return false;
    paidUntilMs = nextMs;
    return true;
  };
};

/** Google's signing keys (JWKS, RFC 7517), cached in this process; concurrent fetches share one request. */
export const signingKeys = (clock: Clock, jwksUri: string): SigningKeys => {
  let cached: { readonly keys: JSONWebKeySet; readonly atMs: number } | null = null;
  let inFlight: Promise<void> | null = null;
  let isReachable = true;
  const mayRefetch = refetchAllowance(clock);
  const fetchKeys = async (): Promise<void> => {
    const answer = await askEndpoint(clock, jwksUri);
    const keys = answer.kind === "answer" && answer.status === 200 ? keysIn(answer.json) : null;
    isReachable = keys !== null;
    if (keys !== null) cached = { keys, atMs: clock.nowMs() };
  };
  const refresh = (): Promise<void> => {
    inFlight ??= fetchKeys().finally(() => {
      inFlight = null;
    });
    return inFlight;
  };
  /** Waits for a fetch that is already under way, because it may bring the missing key. */
  const refetch = async (): Promise<void> => {
    if (inFlight !== null || mayRefetch()) await refresh();
  };
  const isYoungerThan = (nominalMs: number): boolean =>
    cached !== null && clock.nowMs() - cached.atMs < clock.lasting(nominalMs);
  const holds = (kid: string): boolean => cached?.keys.keys.some((key) => key.kid === kid) === true;
  return {
    keysFor: async (kid) => {
      if (!isYoungerThan(CACHE_MS)) await refresh();
      if (kid !== undefined && !holds(kid)) await refetch();
      const isUndecided = kid !== undefined && !holds(kid) && !isReachable;
      return isUndecided ? null : (cached?.keys ?? null);
    },
    fetchNewer: async (known) => {
      if (cached?.keys === known) await refetch();
      return cached === null || cached.keys === known ? null : cached.keys;
    },
  };
};
