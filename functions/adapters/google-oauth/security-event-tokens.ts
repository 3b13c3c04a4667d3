import * as z from "zod";
import { type Clock, HOUR } from "../../domain/clock.ts";
import type { SecurityEvents, SecurityEventTokens } from "../../domain/google/security-events.ts";
import { askEndpoint } from "./endpoint.ts";
import { proveSignedToken } from "./signed-token.ts";
import { type SigningKeys, signingKeys } from "./signing-keys.ts";
import { markIn } from "./token-marks.ts";

/** accounts.google.com/.well-known/risc-configuration: who signs, and with what. */
const configuration = z.object({ issuer: z.string().min(1), jwks_uri: z.url() });
const KEEP_MS = HOUR;

interface Configured {
  readonly issuer: string;
  readonly keys: SigningKeys;
}

/** RFC 8417 §2.2. `exp` is not asked for: an event that happened does not expire. */
const claims = z.object({
  jti: z.string().min(1).max(500),
  iat: z.number().int().positive(),
  aud: z.union([z.string(), z.array(z.string())]),
  events: z.record(z.string(), z.looseObject({ subject: z.looseObject({ sub: z.string().optional() }).optional() })),
});

const toEvents = ({ jti, iat, aud, events }: z.output<typeof claims>): SecurityEvents => ({
  jti,
  issuedAtMs: iat * 1_000,
  audience: typeof aud === "string" ? [aud] : aud,
  events: Object.entries(events).map(([uri, { subject }]) => ({
    type: uri.slice(uri.lastIndexOf("/") + 1),
    sub: subject?.sub ?? null,
    tokenMark: subject === undefined ? null : markIn(subject),
  })),
});

/** The configuration, kept for an hour; one that is out of reach is used for longer. Null: out of reach and none in memory. */
const configured = (clock: Clock, configurationUrl: string): (() => Promise<Configured | null>) => {
  let kept: (Configured & { readonly jwksUri: string; readonly atMs: number }) | null = null;
  return async () => {
    if (kept !== null && clock.nowMs() - kept.atMs < clock.lasting(KEEP_MS)) return kept;
    const answer = await askEndpoint(clock, configurationUrl);
    const parsed = answer.kind === "answer" && answer.status === 200 ? configuration.safeParse(answer.json) : null;
    if (!parsed?.success) return kept;
    const { issuer, jwks_uri: jwksUri } = parsed.data;
    const keys = kept?.jwksUri === jwksUri ? kept.keys : signingKeys(clock, jwksUri);
    kept = { issuer, jwksUri, keys, atMs: clock.nowMs() };
    return kept;
  };
};

/** Google's events name it with a slash at the end; its configuration has been seen without. */
const issuersOf = (issuer: string): string[] => {
  const bare = issuer.replace(/\/$/, "");
  return [bare, `${bare}/`];
};

const unproven = (detail: string) => ({ ok: false, reason: "unproven", detail }) as const;
const unreachable = (detail: string) => ({ ok: false, reason: "unreachable", detail }) as const;

/**
 * Proves Google's security event tokens (developers.google.com/identity/protocols/risc, "Validate the token"): RS256 alone, by the keys and the
 * issuer of the RISC configuration, for one of the audiences.
 */
export const securityEventTokens = (clock: Clock, configurationUrl: string): SecurityEventTokens => {
  const readConfiguration = configured(clock, configurationUrl);
  return {
    prove: async (token, { audience }) => {
      const google = await readConfiguration();
      if (google === null) return unreachable("configuration");
      const expected = { issuer: issuersOf(google.issuer), audience, nowMs: clock.nowMs() };
      const proof = await proveSignedToken(google.keys, token, expected);
      if (proof.kind === "no_keys") return unreachable("signing keys");
      if (proof.kind === "unproven") return unproven(proof.detail);
      const parsed = claims.safeParse(proof.payload);
      if (!parsed.success) return unproven(String(parsed.error.issues[0]?.path[0] ?? "claims"));
      return { ok: true, proven: toEvents(parsed.data) };
    },
  };
};
