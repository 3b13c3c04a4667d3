/** What a state leads to: connecting one mail server, or signing a person in. */
export type AuthorizationPurpose =
  | { readonly kind: "connect"; readonly serverId: string; readonly actor: string }
  | { readonly kind: "sign_in"; readonly next: string };

/**
 * One authorization under way (RFC 6749 §10.12, RFC 7636), stored under the SHA-256 of `state`.
 * The PKCE verifier is not stored at all: it is derived from the browser's session id and the state (HKDF-SHA256), so that neither
 * the store nor the callback's URL alone yields it, and authorize-start needs no key.
 */
export interface OAuthState {
  readonly purpose: AuthorizationPurpose;
  readonly sessionSha256: string;
  readonly nonce: string;
  readonly clientId: string;
  readonly phase:
    | { readonly kind: "open" }
    /** Someone is exchanging the code; after the lease another may try. */
    | { readonly kind: "exchanging"; readonly leaseUntilMs: number }
    | { readonly kind: "used" };
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly eraseAtMs: number;
}

/** The shared cache of one server's access token, and the lease on minting the next. */
export interface AccessTokenEntry {
  /** Grows with every grant and every mint; a holder of an older one cannot overwrite. */
  readonly generation: number;
  /** JWE (A256GCM) over the token, its header bound to server id and generation; null while none was minted. */
  readonly sealed: string | null;
  /** What that token may do, as Google answered it. */
  readonly scopes: readonly string[];
  readonly expiresAtMs: number;
  /** Until when one holder may ask Google; null when nobody does. */
  readonly leaseUntilMs: number | null;
}
