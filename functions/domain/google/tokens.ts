import { MINUTE } from "../clock.ts";
import type { ReasonIn } from "../connection-states.ts";
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

export type AccessTokenOutcome =
  | {
      readonly ok: true;
      readonly token: Secret;
      readonly expiresAtMs: number;
      readonly scopes: readonly string[];
      /** What the ID token says that came with this very token; null for a token from the cache, whose own was looked at when it came. */
      readonly identity: "same" | "unproven" | "unreachable" | "absent" | null;
    }
  /** Google refuses the grant for good; the server's record already says `reconnect_required`. */
  | { readonly ok: false; readonly why: "grant_dead"; readonly reason: ReasonIn<"reconnect_required"> }
  /** The grant is a former client's; the server's record already says `error`. */
  | { readonly ok: false; readonly why: "client_changed" }
  /** Google's token is another account's, whose scopes these are; the server's record already says `error`. */
  | { readonly ok: false; readonly why: "account_mismatch"; readonly scopes: readonly string[] }
  /** No grant that this release may use: never connected, disconnected, reconnect already required, or in a state of a later release. */
  | { readonly ok: false; readonly why: "not_connected" }
  /** The OAuth client is missing or refused: an operator must act, the grant is not to blame. The server's record already says `error`. */
  | { readonly ok: false; readonly why: "client_rejected" }
  | { readonly ok: false; readonly why: "google_unavailable"; readonly retryAfterS: number };

/**
 * A token with less left than this is not used for another mail, which may take its time (google-auth-library does the
 * same). Nominal.
 */
export const LEAST_TOKEN_LIFE_MS = 5 * MINUTE;

/** Access tokens for mail servers, whoever has to speak to Gmail for one. */
export interface AccessTokens {
  /**
   * A token with over 5 minutes left, from the shared cache or from Google: one grant however many ask, in this process or in others.
   * `unlike`: a token that Gmail just refused (401/535): it is not handed out again, one forced refresh is made instead.
   * Throws `Unavailable`.
   */
  obtain(serverId: string, unlike?: Secret): Promise<AccessTokenOutcome>;
  /**
   * A token that Google gives now, whatever the cache holds: what proves the grant and the client. Those who ask at once share one grant.
   * Throws `Unavailable`.
   */
  renew(serverId: string): Promise<AccessTokenOutcome>;
}
