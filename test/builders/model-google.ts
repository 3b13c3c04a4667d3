import type { Clock } from "../../functions/domain/clock.ts";
import { HOUR } from "../../functions/domain/clock.ts";
import type {
  AuthorizationRequest,
  GoogleOAuth,
  Identity,
  OAuthClient,
  TokenAnswer,
  TokenRefusal,
} from "../../functions/domain/google/tokens.ts";
import { Secret } from "../../functions/domain/secret.ts";

interface Living {
  readonly email: string;
  readonly endsAtMs: number;
  /** Google says in its answers how long it lives. */
  readonly announced: boolean;
}

const INVALID_GRANT: TokenRefusal = { kind: "ended", error: "invalid_grant", description: null, subtype: null };

/**
 * Google's OAuth as a model in memory, for walks too long for the sandbox: a refresh token for each consent, all of an account's void when one is
 * revoked, no new one in a refresh answer unless told to rotate. What the sandbox does over HTTP, in the port's terms.
 */
export class ModelGoogle implements GoogleOAuth {
  readonly #clock: Clock;
  readonly #codes = new Map<string, { readonly email: string; readonly request: AuthorizationRequest }>();
  readonly #living = new Map<string, Living>();
  readonly #access = new Map<string, string>();
  #serial = 0;
  #asked: AuthorizationRequest | null = null;
  rotates = false;
  /** And the one that was used dies with it, as at servers that are not Google's. */
  buriesRotated = false;
  /** Its answers say which scopes were granted. */
  saysScopes = true;
  /** Of the grants given from now on; null: without end. */
  life: { readonly ms: number; readonly announced: boolean } | null = null;
  /** A consent brings a refresh token even where an earlier one of the account lives, as `prompt=consent` makes it. */
  consentsAnew = true;
  down = false;
  rejectsClient = false;
  /** What it answers every refresh with; null: what is so. */
  refusal: TokenRefusal | null = null;
  refreshes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  authorizationUrl(request: AuthorizationRequest): string {
    this.#asked = request;
    return "https://google.invalid/";
  }

  /** The person consents as that account; answers what Google sends the browser back with. */
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
    about: { readonly refreshToken: string | null; readonly nonce: string | null; readonly of: Living | undefined },
  ): TokenAnswer {
    this.#serial += 1;
    const { of } = about;
    this.#access.set(`access-${this.#serial}`, email);
    return {
      accessToken: new Secret(`access-${this.#serial}`),
      expiresAtMs: this.#clock.nowMs() + HOUR,
      refreshToken: about.refreshToken === null ? null : new Secret(about.refreshToken),
      refreshTokenExpiresAtMs: of?.announced ? of.endsAtMs : null,
      scopes: this.saysScopes ? ["openid", "https://mail.google.com/"] : null,
      idToken: JSON.stringify({ email, nonce: about.nonce }),
    };
  }

  /** A refresh token of that account, as from a consent. */
  gives(email: string): Secret {
    return new Secret(this.#newRefreshToken(email));
  }

  #newRefreshToken(email: string): string {
    this.#serial += 1;
    const token = `refresh-${this.#serial}`;
    const endsAtMs = this.life === null ? Number.POSITIVE_INFINITY : this.#clock.nowMs() + this.life.ms;
    this.#living.set(token, { email, endsAtMs, announced: this.life?.announced ?? false });
    return token;
  }

  async exchangeCode(_client: OAuthClient, { code }: { readonly code: string }) {
    if (this.down) return { ok: false, refusal: { kind: "unreachable", reason: "down", retryAfterS: 1 } } as const;
    const given = this.#codes.get(code);
    this.#codes.delete(code);
    if (given === undefined) return { ok: false, refusal: INVALID_GRANT } as const;
    const known = !this.consentsAnew && this.living(given.email) > 0;
    const refreshToken = known ? null : this.#newRefreshToken(given.email);
    return {
      ok: true,
      tokens: this.#answer(given.email, {
        refreshToken,
        nonce: given.request.nonce,
        of: refreshToken === null ? undefined : this.#living.get(refreshToken),
      }),
    } as const;
  }

  async refresh(_client: OAuthClient, refreshToken: Secret) {
    if (this.down) return { ok: false, refusal: { kind: "unreachable", reason: "down", retryAfterS: 1 } } as const;
    if (this.rejectsClient) {
      return { ok: false, refusal: { kind: "client_rejected", error: "invalid_client" } } as const;
    }
    if (this.refusal !== null) return { ok: false, refusal: this.refusal } as const;
    const of = this.#living.get(refreshToken.reveal());
    if (of === undefined || this.#clock.nowMs() >= of.endsAtMs) {
      return { ok: false, refusal: INVALID_GRANT } as const;
    }
    this.refreshes += 1;
    const next = this.rotates ? this.#newRefreshToken(of.email) : null;
    if (this.buriesRotated) this.#living.delete(refreshToken.reveal());
    return { ok: true, tokens: this.#answer(of.email, { refreshToken: next, nonce: null, of }) } as const;
  }

  async identify(idToken: string, expected: { readonly nonce: string | null }) {
    const { email, nonce } = JSON.parse(idToken);
    if (expected.nonce !== null && expected.nonce !== nonce) {
      return { ok: false, reason: "unproven", detail: "nonce" } as const;
    }
    const identity: Identity = { sub: `sub-of-${email}`, email, hostedDomain: "example.com" };
    return { ok: true, identity } as const;
  }

  async revoke(token: Secret): Promise<"revoked" | "gone" | "unreachable"> {
    if (this.down) return "unreachable";
    const email = this.#living.get(token.reveal())?.email ?? this.#access.get(token.reveal());
    if (email === undefined || this.living(email) === 0) return "gone";
    this.takeBack(email);
    return "revoked";
  }

  /** How many of the account's refresh tokens live. */
  living(email: string): number {
    return [...this.#living.values()].filter((of) => of.email === email).length;
  }

  /** Google keeps so many of an account's refresh tokens; the oldest go without notice. */
  buryOldest(email: string, keep: number): void {
    const own = [...this.#living].filter(([, of]) => of.email === email);
    for (const [token] of own.slice(0, Math.max(0, own.length - keep))) this.#living.delete(token);
  }

  /** The person takes the access back, or changes the password: every token of the account dies. */
  takeBack(email: string): void {
    for (const [token, of] of this.#living) if (of.email === email) this.#living.delete(token);
  }
}
