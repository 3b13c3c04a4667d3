import type { JSONWebKeySet } from "jose";
import * as z from "zod";
import { type Clock, HOUR, SECOND } from "../../domain/clock.ts";
import { askEndpoint } from "./endpoint.ts";

/** A key set as fetched; jose validates the keys themselves. */
const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string(), kid: z.string().optional() })) });

/** Google rotates its keys every few weeks and publishes each long before use; its answers may be cached for hours. */
const CACHE_MS = HOUR;
/** A token that matches no key makes us fetch again at once, but not for every forged one. */
const REFETCH_AFTER_MS = 2 * SECOND;

export interface SigningKeys {
  /** The cached keys if they are fresh enough and hold `kid`; null: unreachable and not cached. */
  keysFor(kid: string | undefined): Promise<JSONWebKeySet | null>;
  /**
   * Fetches the keys again, unless that was just done, for a token that its key does not match. Null: nothing newer.
   */
  fetchNewer(): Promise<JSONWebKeySet | null>;
}

/** Google's signing keys (JWKS, RFC 7517), cached in this process; concurrent fetches share one request. */
export const signingKeys = (clock: Clock, jwksUri: string): SigningKeys => {
  let cached: { readonly keys: JSONWebKeySet; readonly atMs: number } | null = null;
  let inFlight: Promise<void> | null = null;
  let refetchedAtMs = Number.NEGATIVE_INFINITY;
  const fetchKeys = async (): Promise<void> => {
    const answer = await askEndpoint(clock, jwksUri);
    const parsed = answer.kind === "answer" && answer.status === 200 ? keySet.safeParse(answer.json) : null;
    if (parsed?.success) cached = { keys: parsed.data, atMs: clock.nowMs() };
  };
  const refresh = (): Promise<void> => {
    inFlight ??= fetchKeys().finally(() => {
      inFlight = null;
    });
    return inFlight;
  };
  const isYoungerThan = (nominalMs: number): boolean =>
    cached !== null && clock.nowMs() - cached.atMs < clock.lasting(nominalMs);
  const fetchNewer = async (): Promise<JSONWebKeySet | null> => {
    if (clock.nowMs() - refetchedAtMs < clock.lasting(REFETCH_AFTER_MS)) return null;
    refetchedAtMs = clock.nowMs();
    const before = cached;
    await refresh();
    return cached === before ? null : (cached?.keys ?? null);
  };
  return {
    keysFor: async (kid) => {
      if (!isYoungerThan(CACHE_MS)) await refresh();
      const known = kid === undefined || cached?.keys.keys.some((key) => key.kid === kid);
      if (!known) await fetchNewer();
      return cached?.keys ?? null;
    },
    fetchNewer,
  };
};
