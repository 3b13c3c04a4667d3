import { z } from "zod";
import type { Clock } from "../../domain/clock.ts";
import type { GoogleOAuth, Identity } from "../../domain/connections/ports.ts";
import type { SigningKeys } from "./signing-keys.ts";

type Identify = GoogleOAuth["identify"];

/** Between our clock and Google's. */
const CLOCK_TOLERANCE_S = 10;

const REAL_ISSUER = "https://accounts.google.com";

/**
 * Google signs with or without the scheme (developers.google.com/identity/openid-connect/openid-connect). The configured issuer has lost its
 * trailing slash, which other issuers do write.
 */
const issuersOf = (issuer: string): string[] =>
  issuer === REAL_ISSUER ? [REAL_ISSUER, "accounts.google.com"] : [issuer, `${issuer}/`];

const claims = z.object({
  sub: z.string().min(1),
  email: z.string().min(3),
  // A boolean by the specification; some of Google's libraries have seen the text.
  email_verified: z.union([z.literal(true), z.literal("true")]),
  // One audience, alone or as a list of one (RFC 7519 §4.1.3).
  aud: z.union([z.string(), z.tuple([z.string()])]),
  nonce: z.string().optional(),
  hd: z.string().optional(),
});

const identityOf = ({ sub, email, hd }: z.output<typeof claims>): Identity => ({
  sub,
  email: email.toLowerCase(),
  hostedDomain: hd ?? null,
});

const unproven = (detail: string) => ({ ok: false, reason: "unproven", detail }) as const;

/**
 * Proves an ID token (OpenID Connect Core §3.1.3.7): signed by one of Google's keys with RS256 alone, `iss`, a single `aud`, `exp`, `email_verified`, and
 * the `nonce` where one is expected. `detail` names the claim that failed, never its value.
 */
export const identifier =
  (deps: { readonly clock: Clock; readonly keys: SigningKeys; readonly issuer: string }): Identify =>
  async (idToken, expected) => {
    // Loaded on first use: starting a consent needs no cryptography.
    const { createLocalJWKSet, decodeProtectedHeader, errors, jwtVerify } = await import("jose");
    try {
      const keys = await deps.keys.forKey(decodeProtectedHeader(idToken).kid);
      if (keys === null) return { ok: false, reason: "unreachable", detail: "signing keys" };
      const { payload } = await jwtVerify(idToken, createLocalJWKSet(keys), {
        algorithms: ["RS256"],
        issuer: issuersOf(deps.issuer),
        audience: expected.audience,
        requiredClaims: ["exp", "iat"],
        clockTolerance: CLOCK_TOLERANCE_S,
        currentDate: new Date(deps.clock.nowMs()),
      });
      const parsed = claims.safeParse(payload);
      if (!parsed.success) return unproven(String(parsed.error.issues[0]?.path[0] ?? "claims"));
      if (expected.nonce !== null && parsed.data.nonce !== expected.nonce) return unproven("nonce");
      return { ok: true, identity: identityOf(parsed.data) };
    } catch (error) {
      if (error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired) {
        return unproven(error.claim);
      }
      // `decodeProtectedHeader` throws a TypeError for what is no token at all.
      if (error instanceof errors.JOSEError) return unproven(error.code);
      if (error instanceof TypeError) return unproven("not a token");
      throw error;
    }
  };
