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
