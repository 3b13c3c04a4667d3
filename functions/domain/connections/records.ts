declare module "../record-kinds.ts" {
  interface RecordKinds {
    /** id: SHA-256 of the OAuth state */
    oauthStates: OAuthState;
    /** id: `srv_…`; the sealed access token last minted for that server */
    accessTokens: AccessTokenEntry;
    /** id: SHA-256 of the `jti`; the security events from Google that have been handled */
    securityEvents: SecurityEventEntry;
    /** id: SHA-256 of the client id; what Relais has learned about an OAuth client */
    oauthClients: OAuthClientFacts;
    /** id: SHA-256 of (client id, account's `sub`); the grants that Google has issued for them */
    grantLedgers: GrantLedger;
    /** id: `srv_…`; a server whose secrets are being changed; the sweep runs if that is interrupted */
    secretSweeps: SecretSweep;
    /** id: `srv_…`; a mail server's refresh tokens that are kept here, sealed, and not in Secret Manager */
    sealedTokens: SealedTokens;
    /** id: `refresh_tokens`; how far they have been moved to their home */
    tokenMoves: TokenMoves;
  }
}

export type AuthorizationPurpose =
  | { readonly kind: "connect"; readonly serverId: string; readonly actor: string }
  | { readonly kind: "sign_in"; readonly next: string };

/**
 * An authorization in progress (RFC 6749 §10.12, RFC 7636). A sign-in is stored only once it comes back
 * (`sealed-state.ts`). The PKCE verifier is not stored: it is derived from the browser's session id and the state
 * (HKDF-SHA256), so neither the store nor the callback URL alone reveals it, and authorize-start needs no key.
 */
export interface OAuthState {
  readonly purpose: AuthorizationPurpose;
  readonly sessionSha256: string;
  /**
   * The browser's cookie has no session behind it, because the request that began this carried a bearer credential. If
   * absent, there is a session, as always in records from an earlier release.
   */
  readonly withoutSession?: true;
  readonly nonce: string;
  readonly clientId: string;
  /**
   * The requested scopes. A response without scopes grants exactly these (RFC 6749 §5.1). Absent from records of an
   * earlier release.
   */
  readonly scopes?: readonly string[];
  readonly phase:
    | { readonly kind: "open" }
    /** One request is exchanging the code; after the lease another may try. */
    | { readonly kind: "exchanging"; readonly leaseUntilMs: number }
    /** The code whose exchange succeeded. Absent if it failed or if an earlier release used the state. */
    | { readonly kind: "used"; readonly succeededCodeSha256?: string };
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly eraseAtMs: number;
}

/** The shared cache of one server's access token, and the lease on minting the next. */
export interface AccessTokenEntry {
  /** Grows with every grant and every mint, so that the holder of an older one cannot overwrite a newer one. */
  readonly generation: number;
  /** JWE (A256GCM) of the token, with a header bound to server id and generation; null until one is minted. */
  readonly sealed: string | null;
  /** The scopes of that token as Google reported them. */
  readonly scopes: readonly string[];
  readonly expiresAtMs: number;
  /** Until then only one holder may ask Google; null when there is no lease. */
  readonly leaseUntilMs: number | null;
}

/** A security event token (RFC 8417) that has been handled. It is kept so that a redelivery by Google has no effect. */
export interface SecurityEventEntry {
  /** The last segments of the event URIs, such as `tokens-revoked`. */
  readonly types: readonly string[];
  readonly issuedAtMs: number;
  readonly receivedAtMs: number;
  readonly eraseAtMs: number;
}

export interface OAuthClientFacts {
  readonly clientId: string;
  /**
   * When Google's last security event (even a `verification`) arrived, which proves that events reach Relais. Null:
   * never.
   */
  readonly securityEventAtMs: number | null;
  /**
   * When a grant was last seen to die at seven days, which suggests an app in testing. Null if that has never happened
   * or another grant has lived longer since.
   */
  readonly sevenDayDeathAtMs: number | null;
  /** Since when, and with which error code, Google refuses the client itself; null if it does not. */
  readonly rejected: { readonly sinceMs: number; readonly error: string } | null;
}

/** The grants of one account for one client. Google keeps 100 of them and silently revokes the oldest beyond that. */
export interface GrantLedger {
  /** Oldest first. `serverId` is null for a grant that was not stored and could not be revoked. */
  readonly grants: readonly { readonly atMs: number; readonly serverId: string | null }[];
  /** When Relais last revoked them all; absent if it never has. */
  readonly revokedAtMs?: number;
}

/**
 * It is written before a secret is added or its pointer removed, and deleted once everything is consistent. After a
 * crash, the sweep that is due destroys the leftover secrets and revokes the grant if that was intended.
 */
export interface SecretSweep {
  readonly dueAtMs: number;
  /** The grant that must be revoked at Google once no server holds one of that account; null means cleanup only. */
  readonly revoke: {
    readonly sub: string;
    readonly clientId: string;
    /** The secret used to revoke. If absent (records of an earlier release), it is the newest one without a pointer. */
    readonly secretVersion?: string;
  } | null;
  /** A secret is being added and nothing points to it yet, so no secret may be destroyed before this sweep is due. */
  readonly adding?: true;
}

export interface SealedTokens {
  /**
   * Oldest first: the one that the server points to and, in the middle of a change, one more. `sealed` is a JWE
   * (A256GCM) that is bound to the server's id and the version.
   */
  readonly tokens: readonly { readonly version: string; readonly sealed: string }[];
}

/** A walk through all servers, in steps: one for each tick. */
export interface TokenMoves {
  /** Where the tokens go (`SecretVault.home`), and since when. Another home begins another walk. */
  readonly home: string;
  readonly sinceMs: number;
  /** When the present or the last walk began, and where it goes on; null at its beginning and after its end. */
  readonly walkFromMs: number;
  readonly cursor: string | null;
  /** When the last walk ended; null while the first one to this home is under way. */
  readonly doneAtMs: number | null;
  /** How many tokens this walk has moved, and how many it could not move. */
  readonly moved: number;
  readonly left: number;
}
