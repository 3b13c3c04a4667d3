import { MINUTE } from "../clock.ts";
import type { ReasonIn } from "../connection-states.ts";
import type { Secret } from "../secret.ts";
export interface OAuthClient {
  readonly clientId: string;
  readonly clientSecret: Secret;
}

/** Google's token response (RFC 6749 §5.1). */
export interface TokenAnswer {
  readonly accessToken: Secret;
  readonly expiresAtMs: number;
  /**
   * A replacement for the refresh token. Most refresh responses have none, and the old one stays valid; some repeat it.
   */
  readonly refreshToken: Secret | null;
  /** How a security event may identify that refresh token; a mark does not reveal it. */
  readonly refreshTokenMarks?: readonly string[];
  /** From Google's `refresh_token_expires_in`, for time-based and testing-mode grants. */
  readonly refreshTokenExpiresAtMs: number | null;
  /** The granted scopes: a user can untick some. Null means that all requested ones are granted (RFC 6749 §5.1). */
  readonly scopes: readonly string[] | null;
  readonly idToken: string | null;
}

/**
 * The only error codes of the token endpoint that end a grant. Google also sends undocumented codes for grants that
 * live on (github.com/twentyhq/twenty/pull/23705), so any other response leaves the grant alone.
 */
export const GRANT_ENDS = [
  "invalid_grant",
  "admin_policy_enforced",
  "policy_enforced",
  "org_internal",
  "access_denied",
] as const;

export type GrantEnd = (typeof GRANT_ENDS)[number];

/** The reason why Google gave no token. */
export type TokenRefusal =
  /** The grant (or code) has ended. The texts are Google's `error_description` and `error_subtype`. */
  | {
      readonly kind: "ended";
      readonly error: GrantEnd;
      readonly description: string | null;
      readonly subtype: string | null;
    }
  /** `invalid_client`, `redirect_uri_mismatch` …: an operator must fix the client; the grant is not to blame. */
  | { readonly kind: "client_rejected"; readonly error: string }
  /** No connection, no response in 10 s, a 5xx, or a response that says nothing about the grant. `reason` is a code. */
  | { readonly kind: "unreachable"; readonly reason: string; readonly retryAfterS: number };

export interface Identity {
  readonly sub: string;
  /** Verified, folded to lower case. */
  readonly email: string;
  /** `hd`, the Workspace domain; null for consumer accounts. */
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
   * True sends `access_type=offline` and `prompt=consent`, without which Google does not give a refresh token each
   * time. False sends `prompt=select_account`, which lets the person choose the account.
   */
  readonly offline: boolean;
}

/** `gone`: the token had already ended. `refused`: Google has not ended it, and asking again would not help. */
export type Revocation = "revoked" | "gone" | "refused" | "unreachable";

/** Google's OAuth and OpenID endpoints. Throws only on defects. */
export interface GoogleOAuth {
  /** The URL to send the browser to. No I/O. */
  authorizationUrl(request: AuthorizationRequest): Promise<string>;
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
  /** Verifies the signature by Google's JWKS, `iss`, `aud`, `exp`, `email_verified`, and `nonce` if one is expected. */
  identify(
    idToken: string,
    expected: { readonly audience: string | readonly string[]; readonly nonce: string | null },
  ): Promise<
    | { readonly ok: true; readonly identity: Identity }
    | { readonly ok: false; readonly reason: "unproven" | "unreachable"; readonly detail: string }
  >;
  /** Also ends the account's other grants for the same client. */
  revoke(token: Secret): Promise<Revocation>;
}

export type AccessTokenOutcome =
  | {
      readonly ok: true;
      readonly token: Secret;
      readonly expiresAtMs: number;
      readonly scopes: readonly string[];
      /** The result of checking the ID token of this response; null for a cached token, which was checked earlier. */
      readonly identity: "same" | "unproven" | "unreachable" | "absent" | null;
    }
  /** Google refuses the grant for good; the server's record already says `reconnect_required`. */
  | { readonly ok: false; readonly why: "grant_dead"; readonly reason: ReasonIn<"reconnect_required"> }
  /** The grant is a former client's; the server's record already says `error`. */
  | { readonly ok: false; readonly why: "client_changed" }
  /** Google's token is another account's, whose scopes these are; the server's record already says `error`. */
  | { readonly ok: false; readonly why: "account_mismatch"; readonly scopes: readonly string[] }
  /** There is no usable grant: not connected, reconnect already required, or in a later release's state. */
  | { readonly ok: false; readonly why: "not_connected" }
  /** The OAuth client is missing or refused, and an operator must act; the server's record already says `error`. */
  | { readonly ok: false; readonly why: "client_rejected" }
  | { readonly ok: false; readonly why: "google_unavailable"; readonly retryAfterS: number };

/**
 * A token that expires sooner is not used for another mail, which may take a while (google-auth-library does the same).
 * Nominal.
 */
export const LEAST_TOKEN_LIFE_MS = 5 * MINUTE;

/** Access tokens for whatever speaks to Gmail on behalf of a mail server. */
export interface AccessTokens {
  /**
   * A token with over 5 minutes left, from the shared cache or from Google. Concurrent callers share a refresh, in any
   * process. `unlike` is a token that Gmail has just refused (401, 535): a refresh replaces it. Throws `Unavailable`.
   */
  obtain(serverId: string, unlike?: Secret): Promise<AccessTokenOutcome>;
  /**
   * A token that Google gives now, whatever is cached, which verifies grant and client. Concurrent callers share
   * one refresh. Throws `Unavailable`.
   */
  renew(serverId: string): Promise<AccessTokenOutcome>;
}
