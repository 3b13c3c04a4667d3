import * as z from "zod";
import { type Clock, HOUR } from "../../domain/clock.ts";
import type { SecurityEvents, SecurityEventTokens } from "../../domain/google/security-events.ts";
import { askEndpoint } from "./endpoint.ts";
import { proveSignedToken } from "./signed-token.ts";
import { type SigningKeys, signingKeys } from "./signing-keys.ts";
import { markIn } from "./token-marks.ts";

/** accounts.google.com/.well-known/risc-configuration: who signs, and with which keys. */
const configuration = z.object({ issuer: z.string().min(1), jwks_uri: z.url() });
const CACHE_MS = HOUR;

interface RiscConfiguration {
  readonly issuer: string;
  readonly keys: SigningKeys;
}

/** The latest instant that a calendar has (ECMA-262 §21.4.1.1). */
const LAST_INSTANT_S = 8.64e12;

/**
 * RFC 8417 §2.2. `exp` is not required: an event that happened does not expire. `iat` may have a fraction of a second
 * (NumericDate, RFC 7519 §2).
 */
const claims = z.object({
  jti: z.string().min(1).max(500),
  iat: z.number().positive().max(LAST_INSTANT_S),
  aud: z.union([z.string(), z.array(z.string())]),
  events: z.record(z.string(), z.looseObject({ subject: z.looseObject({ sub: z.string().nullish() }).nullish() })),
});

const toEvents = ({ jti, iat, aud, events }: z.output<typeof claims>): SecurityEvents => ({
  jti,
  issuedAtMs: Math.floor(iat * 1_000),
  audience: typeof aud === "string" ? [aud] : aud,
  events: Object.entries(events).map(([uri, { subject }]) => ({
    type: uri.slice(uri.lastIndexOf("/") + 1),
    sub: subject?.sub ?? null,
    tokenMark: markIn(subject ?? {}),
  })),
});

/** The configuration, cached for an hour, or longer while it is unreachable. Null: unreachable and not cached. */
const cachedConfiguration = (clock: Clock, configurationUrl: string): (() => Promise<RiscConfiguration | null>) => {
  let cached: (RiscConfiguration & { readonly jwksUri: string; readonly atMs: number }) | null = null;
  return async () => {
    if (cached !== null && clock.nowMs() - cached.atMs < clock.lasting(CACHE_MS)) return cached;
    const answer = await askEndpoint(clock, configurationUrl);
    const parsed = answer.kind === "answer" && answer.status === 200 ? configuration.safeParse(answer.json) : null;
    if (!parsed?.success) return cached;
    const { issuer, jwks_uri: jwksUri } = parsed.data;
    const keys = cached?.jwksUri === jwksUri ? cached.keys : signingKeys(clock, jwksUri);
    cached = { issuer, jwksUri, keys, atMs: clock.nowMs() };
    return cached;
  };
};

/** Google's events end the issuer with a slash; its configuration has been seen without one. */
const issuersOf = (issuer: string): string[] => {
  const bare = issuer.replace(/\/$/, "");
  return [bare, `${bare}/`];
};

const toUnproven = (detail: string) => ({ ok: false, reason: "unproven", detail }) as const;
const toUnreachable = (detail: string) => ({ ok: false, reason: "unreachable", detail }) as const;

/**
 * Verifies Google's security event tokens (developers.google.com/identity/protocols/risc, "Validate the token"): RS256
 * only, the keys and issuer of the RISC configuration, and one of the audiences.
 */
export const securityEventTokens = (clock: Clock, configurationUrl: string): SecurityEventTokens => {
  const readConfiguration = cachedConfiguration(clock, configurationUrl);
  return {
    prove: async (token, { audience }) => {
      const google = await readConfiguration();
      if (google === null) return toUnreachable("configuration");
      const expected = { issuer: issuersOf(google.issuer), audience, nowMs: clock.nowMs() };
      const proof = await proveSignedToken(google.keys, token, expected);
      if (proof.kind === "no_keys") return toUnreachable("signing keys");
      if (proof.kind === "unproven") return toUnproven(proof.detail);
      const parsed = claims.safeParse(proof.payload);
      if (!parsed.success) return toUnproven(String(parsed.error.issues[0]?.path[0] ?? "claims"));
      return { ok: true, proven: toEvents(parsed.data) };
    },
  };
};
