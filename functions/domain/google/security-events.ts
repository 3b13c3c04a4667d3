/** A verified security event token (RFC 8417), as Google's RISC pushes it. */
export interface SecurityEvents {
  readonly jti: string;
  readonly issuedAtMs: number;
  /** The clients that the token is for, including the expected one. */
  readonly audience: readonly string[];
  readonly events: readonly SecurityEvent[];
}

export interface SecurityEvent {
  /** The last part of the event's URI: `tokens-revoked`, `account-disabled` … */
  readonly type: string;
  /** Google's id of the account that the event is about, or null. */
  readonly sub: string | null;
  /** The mark (`refreshTokenMarks`) of the token that the event is about, or null. */
  readonly tokenMark: string | null;
}

/** Verifies Google's security events (developers.google.com/identity/protocols/risc). Throws only on defects. */
export interface SecurityEventTokens {
  /** Verifies signature, issuer and audience. `detail` says what is wrong, without values. */
  prove(
    token: string,
    expected: { readonly audience: string },
  ): Promise<
    | { readonly ok: true; readonly proven: SecurityEvents }
    | { readonly ok: false; readonly reason: "unproven" | "unreachable"; readonly detail: string }
  >;
}
