import type { Clock } from "../../functions/domain/clock.ts";
import { HOUR } from "../../functions/domain/clock.ts";
import type {
  AuthorizationRequest,
  GoogleOAuth,
  Identity,
  OAuthClient,
  Revocation,
  TokenAnswer,
  TokenRefusal,
} from "../../functions/domain/google/tokens.ts";
import { Secret } from "../../functions/domain/secret.ts";

interface LiveGrant {
  readonly email: string;
  readonly endsAtMs: number;
  /** Google's answers announce when it ends. */
  readonly announced: boolean;
}

const INVALID_GRANT: TokenRefusal = { kind: "ended", error: "invalid_grant", description: null, subtype: null };

/**
 * Google's OAuth as a model in memory, for walks that are too long for the sandbox: a refresh token for each consent,
 * all of an account's tokens void when one is revoked, and no new token in a refresh answer unless `rotates` is set.
 */
export class ModelGoogle implements GoogleOAuth {
  readonly #clock: Clock;
  readonly #codes = new Map<string, { readonly email: string; readonly request: AuthorizationRequest }>();
  readonly #grants = new Map<string, LiveGrant>();
  readonly #access = new Map<string, string>();
  #serial = 0;
  #asked: AuthorizationRequest | null = null;
  rotates = false;
  /** Its answers repeat the refresh token that was sent, as some servers' do. */
  repeatsToken = false;
  /** The used refresh token ends with it, as with servers other than Google's. */
  endsRotated = false;
  /** Its answers list the scopes that were granted. */
  listsScopes = true;
  /** The lifetime of new grants; null for no end. */
  life: { readonly ms: number; readonly announced: boolean } | null = null;
  /** A consent returns a refresh token even if an earlier one of the account is valid, as with `prompt=consent`. */
  alwaysIssuesToken = true;
  /** Every refresh is answered with this account's tokens, whichever account asks. */
  mistakes: string | null = null;
  down = false;
  rejectsClient = false;
  /** It ends no token that it is asked to revoke. */
  refusesToRevoke = false;
  /** The answer to every refresh; null for the true one. */
  refusal: TokenRefusal | null = null;
  refreshes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async authorizationUrl(request: AuthorizationRequest): Promise<string> {
    this.#asked = request;
    return "https://google.invalid/";
  }

  /** The person consents with that account; returns what Google sends back with the browser. */
  consents(email: string): { readonly state: string; readonly code: string } {
    const request = this.#asked;
    if (request === null) throw new Error("nobody was sent here");
    this.#serial += 1;
    const code = `code-${this.#serial}`;
    this.#codes.set(code, { email, request });
    return { state: request.state, code };
  }

  #answer(
    email: string,
    about: { readonly refreshToken: string | null; readonly nonce: string | null; readonly of: LiveGrant | undefined },
  ): TokenAnswer {
    this.#serial += 1;
    const { of } = about;
    this.#access.set(`access-${this.#serial}`, email);
    return {
      accessToken: new Secret(`access-${this.#serial}`),
      expiresAtMs: this.#clock.nowMs() + HOUR,
      refreshToken: about.refreshToken === null ? null : new Secret(about.refreshToken),
      refreshTokenExpiresAtMs: of?.announced ? of.endsAtMs : null,
      scopes: this.listsScopes ? ["openid", "https://mail.google.com/"] : null,
      idToken: JSON.stringify({ email, nonce: about.nonce }),
    };
  }

  /** Returns a refresh token of that account, as from a consent. */
  issueRefreshToken(email: string): Secret {
    return new Secret(this.#newRefreshToken(email));
  }

  #newRefreshToken(email: string): string {
    this.#serial += 1;
    const token = `refresh-${this.#serial}`;
    const endsAtMs = this.life === null ? Number.POSITIVE_INFINITY : this.#clock.nowMs() + this.life.ms;
    this.#grants.set(token, { email, endsAtMs, announced: this.life?.announced ?? false });
    return token;
  }

  async exchangeCode(_client: OAuthClient, { code }: { readonly code: string }) {
    if (this.down) return { ok: false, refusal: { kind: "unreachable", reason: "down", retryAfterS: 1 } } as const;
    const given = this.#codes.get(code);
    this.#codes.delete(code);
    if (given === undefined) return { ok: false, refusal: INVALID_GRANT } as const;
    const known = !this.alwaysIssuesToken && this.living(given.email) > 0;
    const refreshToken = known ? null : this.#newRefreshToken(given.email);
    return {
      ok: true,
      tokens: this.#answer(given.email, {
        refreshToken,
        nonce: given.request.nonce,
        of: refreshToken === null ? undefined : this.#grants.get(refreshToken),
      }),
    } as const;
  }

  async refresh(_client: OAuthClient, refreshToken: Secret) {
    if (this.down) return { ok: false, refusal: { kind: "unreachable", reason: "down", retryAfterS: 1 } } as const;
    if (this.rejectsClient) {
      return { ok: false, refusal: { kind: "client_rejected", error: "invalid_client" } } as const;
    }
    if (this.refusal !== null) return { ok: false, refusal: this.refusal } as const;
    const of = this.#grants.get(refreshToken.reveal());
    if (of === undefined || this.#clock.nowMs() >= of.endsAtMs) {
      return { ok: false, refusal: INVALID_GRANT } as const;
    }
    this.refreshes += 1;
    const same = this.repeatsToken ? refreshToken.reveal() : null;
    const email = this.mistakes ?? of.email;
    const next = this.rotates ? this.#newRefreshToken(email) : same;
    if (this.endsRotated) this.#grants.delete(refreshToken.reveal());
    return { ok: true, tokens: this.#answer(email, { refreshToken: next, nonce: null, of }) } as const;
  }

  async identify(idToken: string, expected: { readonly nonce: string | null }): ReturnType<GoogleOAuth["identify"]> {
    const { email, nonce } = JSON.parse(idToken);
    if (expected.nonce !== null && expected.nonce !== nonce) {
      return { ok: false, reason: "unproven", detail: "nonce" } as const;
    }
    const identity: Identity = { sub: `sub-of-${email}`, email, hostedDomain: "example.com" };
    return { ok: true, identity } as const;
  }

  async revoke(token: Secret): Promise<Revocation> {
    if (this.down) return "unreachable";
    if (this.refusesToRevoke) return "refused";
    const email = this.#grants.get(token.reveal())?.email ?? this.#access.get(token.reveal());
    if (email === undefined || this.living(email) === 0) return "gone";
    this.revokeAccess(email);
    return "revoked";
  }

  /** The number of the account's valid refresh tokens. */
  living(email: string): number {
    return [...this.#grants.values()].filter((of) => of.email === email).length;
  }

  /** Google keeps this many of an account's refresh tokens; the oldest end without notice. */
  endOldest(email: string, keep: number): void {
    const own = [...this.#grants].filter(([, of]) => of.email === email);
    for (const [token] of own.slice(0, Math.max(0, own.length - keep))) this.#grants.delete(token);
  }

  /** The person revokes the access or changes the password, which ends every token of the account. */
  revokeAccess(email: string): void {
    for (const [token, of] of this.#grants) if (of.email === email) this.#grants.delete(token);
  }
}
