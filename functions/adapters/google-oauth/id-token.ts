import * as z from "zod";
import type { Clock } from "../../domain/clock.ts";
import type { GoogleOAuth, Identity } from "../../domain/google/tokens.ts";
import { proveSignedToken } from "./signed-token.ts";
import type { SigningKeys } from "./signing-keys.ts";

type Identify = GoogleOAuth["identify"];

/** Allows for a difference between our clock and Google's. */
const CLOCK_TOLERANCE_S = 10;

const REAL_ISSUER = "https://accounts.google.com";

/**
 * Google signs with or without the scheme (developers.google.com/identity/openid-connect/openid-connect). The
 * configured issuer has no trailing slash, but other issuers write one.
 */
const issuersOf = (issuer: string): string[] =>
  issuer === REAL_ISSUER ? [REAL_ISSUER, "accounts.google.com"] : [issuer, `${issuer}/`];

const claims = z.object({
  sub: z.string().min(1),
  email: z.string().min(3),
  // A boolean by the specification, but some of Google's libraries have seen text.
  email_verified: z.union([z.literal(true), z.literal("true")]),
  // One audience, alone or as a list of one (RFC 7519 §4.1.3).
  aud: z.union([z.string(), z.tuple([z.string()])]),
  // Null is as good as absent: neither belongs to a domain, nor repeats what was sent.
  nonce: z.string().nullish(),
  hd: z.string().nullish(),
});

const identityOf = ({ sub, email, hd }: z.output<typeof claims>): Identity => ({
  sub,
  email: email.toLowerCase(),
  hostedDomain: hd ?? null,
});

const toUnproven = (detail: string) => ({ ok: false, reason: "unproven", detail }) as const;

/**
 * Verifies an ID token (OpenID Connect Core §3.1.3.7): signed by one of Google's keys with RS256 only, `iss`, a single
 * `aud`, `exp`, `email_verified`, and `nonce` if expected. `detail` names the claim that failed, never its value.
 */
export const identifier =
  (deps: { readonly clock: Clock; readonly keys: SigningKeys; readonly issuer: string }): Identify =>
  async (idToken, expected) => {
    const proof = await proveSignedToken(deps.keys, idToken, {
      issuer: issuersOf(deps.issuer),
      audience: typeof expected.audience === "string" ? expected.audience : [...expected.audience],
      requiredClaims: ["exp"],
      clockTolerance: CLOCK_TOLERANCE_S,
      nowMs: deps.clock.nowMs(),
    });
    if (proof.kind === "no_keys") return { ok: false, reason: "unreachable", detail: "signing keys" };
    if (proof.kind === "unproven") return toUnproven(proof.detail);
    const parsed = claims.safeParse(proof.payload);
    if (!parsed.success) return toUnproven(String(parsed.error.issues[0]?.path[0] ?? "claims"));
    if (expected.nonce !== null && parsed.data.nonce !== expected.nonce) return toUnproven("nonce");
    return { ok: true, identity: identityOf(parsed.data) };
  };
