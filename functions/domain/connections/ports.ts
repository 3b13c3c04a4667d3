import type { Secret } from "../secret.ts";

export interface OAuthClient {
  readonly clientId: string;
  readonly clientSecret: Secret;
}

/** A token answer (RFC 6749 §5.1) as Google gives it. */
export interface TokenAnswer {
  readonly accessToken: Secret;
  readonly expiresAtMs: number;
  /** Absent from most refresh answers: the old one stays good. Present: it replaces the old one. */
  readonly refreshToken: Secret | null;
  /** By which a security event may name that refresh token; none of them tells it. Absent or empty: there is none. */
  readonly refreshTokenMarks?: readonly string[];
  /** From Google's `refresh_token_expires_in`, for time-based and testing-mode grants. */
  readonly refreshTokenExpiresAtMs: number | null;
  /** What was really granted; a user can untick scopes. Null: the answer does not say, which means what was asked for (RFC 6749 §5.1). */
  readonly scopes: readonly string[] | null;
  readonly idToken: string | null;
}

/**
 * The only codes of the token endpoint that mean the end of a grant. Google answers others too, listed nowhere and for grants that live on
 * (github.com/twentyhq/twenty/pull/23705), so every other answer leaves the grant alone.
 */
export const GRANT_ENDS = [
  "invalid_grant",
  "admin_policy_enforced",
  "policy_enforced",
  "org_internal",
  "access_denied",
] as const;
export type GrantEnd = (typeof GRANT_ENDS)[number];

/** Why Google gave no token. */
export type TokenRefusal =
  /** The grant (or code) is no longer good. Description and subtype are Google's `error_description` and `error_subtype`. */
  | {
      readonly kind: "ended";
      readonly error: GrantEnd;
      readonly description: string | null;
      readonly subtype: string | null;
    }
  /** `invalid_client`, `unauthorized_client`, `redirect_uri_mismatch` …: an operator must mend the client; the grant is not at fault. */
  | { readonly kind: "client_rejected"; readonly error: string }
  /** No connection, no answer within 10 s, a 5xx, or an answer that says nothing about the grant. `reason` holds no text of Google's but a code. */
  | { readonly kind: "unreachable"; readonly reason: string; readonly retryAfterS: number };

export interface Identity {
  readonly sub: string;
  /** Verified, folded to lower case. */
  readonly email: string;
  /** `hd`: the Workspace domain; null for consumer accounts. */
  readonly hostedDomain: string | null;
}

export interface AuthorizationRequest {
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly state: string;
  readonly nonce: string;
  readonly codeChallenge: string;
  readonly loginHint: string | null;
  /**
   * True: `access_type=offline` and `prompt=consent`, which alone make Google give a refresh token each time. False: `prompt=select_account`,
   * which lets the person choose the account.
   */
  readonly offline: boolean;
}

/** Google's OAuth and OpenID endpoints. Outcomes are values; it throws only on defects. */
export interface GoogleOAuth {
  /** The URL to send the browser to. No I/O. */
  authorizationUrl(request: AuthorizationRequest): string;
  exchangeCode(
    client: OAuthClient,
    grant: { readonly code: string; readonly verifier: Secret },
  ): Promise<
    { readonly ok: true; readonly tokens: TokenAnswer } | { readonly ok: false; readonly refusal: TokenRefusal }
  >;
  refresh(
    client: OAuthClient,
    refreshToken: Secret,
  ): Promise<
    { readonly ok: true; readonly tokens: TokenAnswer } | { readonly ok: false; readonly refusal: TokenRefusal }
  >;
  /** Signature by Google's JWKS, `iss`, `aud`, `exp`, `email_verified`, and `nonce` where one is expected. */
  identify(
    idToken: string,
    expected: { readonly audience: string | readonly string[]; readonly nonce: string | null },
  ): Promise<
    | { readonly ok: true; readonly identity: Identity }
    | { readonly ok: false; readonly reason: "unproven" | "unreachable"; readonly detail: string }
  >;
  /** Revoking one token voids the account's other tokens for the same client. `gone`: Google knew it no more. */
  revoke(token: Secret): Promise<"revoked" | "gone" | "unreachable">;
}

export type SecretName =
  | { readonly kind: "refresh_token"; readonly serverId: string }
  | { readonly kind: "client_secret" };

/** A security event token (SET, RFC 8417) as Google's RISC pushes it, proven. */
export interface SecurityEvents {
  readonly jti: string;
  readonly issuedAtMs: number;
  /** The clients it is for; the one asked for is among them. */
  readonly audience: readonly string[];
  readonly events: readonly SecurityEvent[];
}

export interface SecurityEvent {
  /** Last part of the event's URI: `tokens-revoked`, `account-disabled` … */
  readonly type: string;
  /** Google's id of the account it is about; null where it names none. */
  readonly sub: string | null;
  /** The mark (`refreshTokenMarks`) of the one token it is about; null where it names none. */
  readonly tokenMark: string | null;
}

/** Google's security events (developers.google.com/identity/protocols/risc). Outcomes are values; it throws only on defects. */
export interface SecurityEventTokens {
  /** Proves signature and issuer by Google's RISC configuration, and the audience. `detail` names what is wrong, never its value. */
  prove(
    token: string,
    expected: { readonly audience: string },
  ): Promise<
    | { readonly ok: true; readonly proven: SecurityEvents }
    | { readonly ok: false; readonly reason: "unproven" | "unreachable"; readonly detail: string }
  >;
}

/**
 * Long-lived secrets, versioned. Versions are opaque, never used twice. All methods throw `Unavailable` when the vault cannot be reached.
 */
export interface SecretVault {
  /** Durable when it resolves; answers the new version. */
  add(name: SecretName, value: Secret): Promise<string>;
  /** Undefined: never there, destroyed, or sealed under a key that is gone. */
  read(name: SecretName, version: string): Promise<Secret | undefined>;
  /** Idempotent. */
  destroy(name: SecretName, version: string): Promise<void>;
  /** Destroys every version. Idempotent. */
  remove(name: SecretName): Promise<void>;
  /** Versions that can still be read, oldest first. */
  versions(name: SecretName): Promise<readonly string[]>;
}

/** Seals short-lived secrets for the shared store: JWE, A256GCM, `kid` in the protected header, bound to `context`. */
export interface Sealer {
  seal(value: Secret, context: string): Promise<string>;
  /** Undefined: another context, an unknown or retired key, or altered. */
  open(sealed: string, context: string): Promise<Secret | undefined>;
}
