import type { JSONWebKeySet } from "jose";
import * as z from "zod";
import { type Clock, HOUR, SECOND } from "../../domain/clock.ts";
import { askEndpoint } from "./endpoint.ts";

/** A key set as fetched; the keys themselves are judged by jose. */
const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string(), kid: z.string().optional() })) });

/** Google rotates its keys every few weeks and publishes each long before its use; its answers say hours. */
const KEEP_MS = HOUR;
/** A token that none of the keys fits makes us look again at once, though not for every forged one. */
const LOOK_AGAIN_AFTER_MS = 2 * SECOND;

export interface SigningKeys {
  /** The keys, from memory where they are young enough and hold `kid`; null: out of reach and none in memory. */
  forKey(kid: string | undefined): Promise<JSONWebKeySet | null>;
  /** Fetched anew, where that was not just done: for a token that the key of its id does not fit. Null: nothing newer was to be had. */
  newer(): Promise<JSONWebKeySet | null>;
}

/** Google's signing keys (JWKS, RFC 7517), kept in this process; concurrent fetches are one. */
export const signingKeys = (clock: Clock, jwksUri: string): SigningKeys => {
  let kept: { readonly keys: JSONWebKeySet; readonly atMs: number } | null = null;
  let underWay: Promise<void> | null = null;
  let lookedAgainAtMs = Number.NEGATIVE_INFINITY;
  const fetchKeys = async (): Promise<void> => {
    const answer = await askEndpoint(clock, jwksUri);
    const parsed = answer.kind === "answer" && answer.status === 200 ? keySet.safeParse(answer.json) : null;
    if (parsed?.success) kept = { keys: parsed.data, atMs: clock.nowMs() };
  };
  const refresh = (): Promise<void> => {
    underWay ??= fetchKeys().finally(() => {
      underWay = null;
    });
    return underWay;
  };
  const youngerThan = (nominalMs: number): boolean =>
    kept !== null && clock.nowMs() - kept.atMs < clock.lasting(nominalMs);
  const newer = async (): Promise<JSONWebKeySet | null> => {
    if (clock.nowMs() - lookedAgainAtMs < clock.lasting(LOOK_AGAIN_AFTER_MS)) return null;
    lookedAgainAtMs = clock.nowMs();
    const before = kept;
    await refresh();
    return kept === before ? null : (kept?.keys ?? null);
  };
  return {
    forKey: async (kid) => {
      if (!youngerThan(KEEP_MS)) await refresh();
      const known = kid === undefined || kept?.keys.keys.some((key) => key.kid === kid);
      if (!known) await newer();
      return kept?.keys ?? null;
    },
    newer,
  };
};
