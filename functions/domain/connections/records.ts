declare module "../record-kinds.ts" {
  interface RecordKinds {
    /** id: SHA-256 of the OAuth state */
    oauthStates: OAuthState;
    /** id: `srv_…`; the sealed access token last minted for that server */
    accessTokens: AccessTokenEntry;
    /** id: SHA-256 of the `jti`; the security events of Google's that were dealt with */
    securityEvents: SecurityEventEntry;
    /** id: SHA-256 of the client id; what was learnt about an OAuth client */
    oauthClients: OAuthClientFacts;
    /** id: SHA-256 of (client id, account's `sub`); the grants that Google gave for them */
    grantLedgers: GrantLedger;
    /** id: `srv_…`; a server whose secrets are being changed, to be looked through if that is cut off */
    secretSweeps: SecretSweep;
  }
}

/** What a state leads to: connecting one mail server, or signing a person in. */
export type AuthorizationPurpose =
  | { readonly kind: "connect"; readonly serverId: string; readonly actor: string }
  | { readonly kind: "sign_in"; readonly next: string };

/**
 * One authorization under way (RFC 6749 §10.12, RFC 7636), stored under the SHA-256 of `state`; a sign-in only once it comes back (`sealed-state.ts`).
 * The PKCE verifier is not stored at all: it is derived from the browser's session id and the state (HKDF-SHA256), so that neither
 * the store nor the callback's URL alone yields it, and authorize-start needs no key.
 */
export interface OAuthState {
  readonly purpose: AuthorizationPurpose;
  readonly sessionSha256: string;
  /**
   * The browser has a cookie and no session behind it: whoever began showed a bearer credential. Absent: there is one, as always in records of an
   * earlier release.
   */
  readonly withoutSession?: true;
  readonly nonce: string;
  readonly clientId: string;
  /** What was asked for: an answer that leaves the scopes out has granted just these (RFC 6749 §5.1). Absent from records of an earlier release. */
  readonly scopes?: readonly string[];
  readonly phase:
    | { readonly kind: "open" }
    /** Someone is exchanging the code; after the lease another may try. */
    | { readonly kind: "exchanging"; readonly leaseUntilMs: number }
    /** `succeededCodeSha256`: it led to success, with this code. Absent: it failed, or an earlier release used it. */
    | { readonly kind: "used"; readonly succeededCodeSha256?: string };
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

/** A security event token (RFC 8417) that was dealt with, so that Google's sending it again changes nothing. */
export interface SecurityEventEntry {
  /** Last parts of the events' URIs, such as `tokens-revoked`. */
  readonly types: readonly string[];
  readonly issuedAtMs: number;
  readonly receivedAtMs: number;
  readonly eraseAtMs: number;
}

/** What was learnt about an OAuth client by using it. */
export interface OAuthClientFacts {
  readonly clientId: string;
  /** When Google's last security event for it came (a `verification` too): the proof that they reach Relais. Null: never. */
  readonly securityEventAtMs: number | null;
  /** When one of its grants was last seen to die at seven days: the sign of an app in testing. Null: never, or another has outlived them since. */
  readonly sevenDayDeathAtMs: number | null;
  /** Since when Google refuses the client itself, in Google's word; null: it does not. */
  readonly rejected: { readonly sinceMs: number; readonly error: string } | null;
}

/** Grants of one account for one client. Google keeps 100 of them and lets the oldest die without notice. */
export interface GrantLedger {
  /** Oldest first. `serverId` null: a grant that was not stored and could not be revoked. */
  readonly grants: readonly { readonly atMs: number; readonly serverId: string | null }[];
}

/**
 * Written before a secret is added or its pointer taken away, deleted when all is in order again. What a crash left behind is destroyed, and revoked
 * where that was wanted, once this is due.
 */
export interface SecretSweep {
  readonly dueAtMs: number;
  /** Whose grant is to be revoked at Google where no server holds one of that account any more; null: only tidy up. */
  readonly revoke: {
    readonly sub: string;
    readonly clientId: string;
    /** The secret to do it with. Absent from records of an earlier release: the newest that nothing points to. */
    readonly secretVersion?: string;
  } | null;
  /** A secret is being added to which nothing points yet: until this is due, none is to be destroyed. */
  readonly adding?: true;
}
