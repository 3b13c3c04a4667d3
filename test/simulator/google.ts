import { createHash } from "node:crypto";
import { DAY, HOUR, SECOND } from "../../functions/domain/clock.ts";
import type {
  AuthorizationRequest,
  GoogleOAuth,
  Identity,
  OAuthClient,
  TokenAnswer,
  TokenRefusal,
} from "../../functions/domain/google/tokens.ts";
import { Secret } from "../../functions/domain/secret.ts";
import type { Chance } from "./chance.ts";
import type { Process } from "./process.ts";
import type { Timeline } from "./timeline.ts";
import type { Weather } from "./weather.ts";

export const CLIENT_ID = "1-simulated.apps.googleusercontent.com";
const FULL_MAIL = "https://mail.google.com/";

/** Why a grant ended. The first three could be foretold. */
export type EndOfGrant = "testing" | "time_based" | "session" | "revoked" | "cap" | "disabled";

export interface LiveGrant {
  readonly token: string;
  readonly account: Account;
  readonly scopes: readonly string[];
  readonly issuedAtMs: number;
  /** When it ends by itself, and why. */
  readonly end: { readonly atMs: number; readonly why: EndOfGrant; readonly announced: boolean } | null;
  dead: { readonly atMs: number; readonly why: EndOfGrant } | null;
}

/** A Google account with its mailbox. */
export interface Account {
  readonly sub: string;
  email: string;
  readonly formerEmails: string[];
  readonly hostedDomain: string | null;
  readonly grants: LiveGrant[];
  disabled: boolean;
  /** The Workspace's session length ends grants after this long (Google Cloud session control). */
  readonly sessionMs: number | null;
  /** The person gave access for so long only. */
  readonly timeLimitMs: number | null;
  /** Gmail refuses all mail of the account until then. */
  refusedUntilMs: number;
  /** The account's daily limit is used up until then, by the person's own mail as well. */
  quotaUntilMs: number;
  /** SMTP sessions that are open now. */
  sessions: number;
}

export interface GoogleFaults {
  /** How often an answer comes with a code that no page lists, or with nothing that says anything about the grant. */
  readonly nonsense: number;
  /** How often a refresh answer brings another refresh token. */
  readonly rotates: number;
}

const TOKEN_CAP = 100;
const TESTING_LIFE_MS = 7 * DAY;

interface Consent {
  readonly account: Account;
  readonly request: AuthorizationRequest;
  readonly scopes: readonly string[];
}

interface IdToken {
  readonly sub: string;
  readonly email: string;
  readonly hd: string | null;
  readonly aud: string;
  readonly nonce: string | null;
}

const INVALID_GRANT: Extract<TokenRefusal, { readonly kind: "ended" }> = {
  kind: "ended",
  error: "invalid_grant",
  description: null,
  subtype: null,
};
const refuse = (refusal: TokenRefusal) => ({ ok: false, refusal }) as const;

/**
 * Google's OAuth in memory, with what is known of it: one bare `invalid_grant` for most ends, at most a hundred refresh
 * tokens for an account and a client, seven days while the app is in testing, grants that end with a Workspace session
 * or at a time that a person set, other tokens that end with a revoked one, new refresh tokens in refresh answers,
 * unlisted codes for grants that live on, ID tokens and scopes that may be missing, and renamed accounts.
 */
export class Google {
  readonly #timeline: Timeline;
  readonly #chance: Chance;
  readonly #weather: Weather;
  readonly #faults: GoogleFaults;
  readonly #grants = new Map<string, LiveGrant>();
  readonly #access = new Map<string, { readonly grant: LiveGrant; readonly untilMs: number }>();
  readonly #requests = new Map<string, AuthorizationRequest>();
  readonly #codes = new Map<string, Consent>();
  #serial = 0;
  readonly accounts = new Map<string, Account>();
  /** The app is in testing, so every grant ends after seven days. */
  testing = false;
  rejectsClient = false;
  onEnd: (grant: LiveGrant) => void = () => undefined;

  constructor(
    world: { readonly timeline: Timeline; readonly chance: Chance; readonly weather: Weather },
    faults: GoogleFaults,
  ) {
    this.#timeline = world.timeline;
    this.#chance = world.chance;
    this.#weather = world.weather;
    this.#faults = faults;
  }

  #next(what: string): string {
    this.#serial += 1;
    return `${what}-${this.#serial}`;
  }

  // --- what people do ---

  /** The person follows the link and consents; `came` is the account that they choose. */
  consent(url: string, came: Account, { unticks }: { readonly unticks: boolean }): { state: string; code: string } {
    const request = this.#requests.get(url);
    if (request === undefined) throw new Error("nobody was sent here");
    this.#requests.delete(url);
    const scopes = unticks ? request.scopes.filter((scope) => !scope.startsWith("https:")) : request.scopes;
    const code = this.#next("code");
    this.#codes.set(code, { account: came, request, scopes });
    return { state: request.state, code };
  }

  end(grant: LiveGrant, why: EndOfGrant): void {
    if (grant.dead !== null) return;
    grant.dead = { atMs: this.#timeline.nowMs, why };
    const { grants } = grant.account;
    grants.splice(grants.indexOf(grant), 1);
    this.onEnd(grant);
  }

  endAll(account: Account, why: EndOfGrant): void {
    for (const grant of [...account.grants]) this.end(grant, why);
  }

  // --- what programs see ---

  grantOf(refreshToken: Secret): LiveGrant | undefined {
    return this.#grants.get(refreshToken.reveal());
  }

  /** The account that an access token opens now. */
  accountBy(accessToken: Secret): { readonly account: Account; readonly scopes: readonly string[] } | undefined {
    const known = this.#access.get(accessToken.reveal());
    if (known === undefined || known.grant.dead !== null || known.untilMs <= this.#timeline.nowMs) return undefined;
    return known.grant.account.disabled ? undefined : { account: known.grant.account, scopes: known.grant.scopes };
  }

  /** Forgets what nobody can use any more. */
  tidy(): void {
    for (const [token, { untilMs }] of this.#access) if (untilMs < this.#timeline.nowMs) this.#access.delete(token);
  }

  #endOf(account: Account): LiveGrant["end"] {
    const nowMs = this.#timeline.nowMs;
    const ends: LiveGrant["end"][] = [];
    if (this.testing) ends.push({ atMs: nowMs + TESTING_LIFE_MS, why: "testing", announced: true });
    if (account.timeLimitMs !== null)
      ends.push({ atMs: nowMs + account.timeLimitMs, why: "time_based", announced: true });
    if (account.sessionMs !== null) ends.push({ atMs: nowMs + account.sessionMs, why: "session", announced: false });
    return ends.reduce((first, end) => (first === null || (end !== null && end.atMs < first.atMs) ? end : first), null);
  }

  #newGrant(account: Account, scopes: readonly string[]): LiveGrant {
    const grant: LiveGrant = {
      token: this.#next("refresh"),
      account,
      scopes,
      issuedAtMs: this.#timeline.nowMs,
      end: this.#endOf(account),
      dead: null,
    };
    this.#grants.set(grant.token, grant);
    account.grants.push(grant);
    const oldest = account.grants.length > TOKEN_CAP ? account.grants[0] : undefined;
    if (oldest !== undefined) this.end(oldest, "cap");
    const { end } = grant;
    if (end !== null) this.#timeline.at(end.atMs, () => this.end(grant, end.why));
    return grant;
  }

  #answer(
    grant: LiveGrant,
    about: { readonly refreshToken: string | null; readonly nonce: string | null; readonly consent: boolean },
  ): TokenAnswer {
    const { account, end } = grant;
    const accessToken = this.#next("access");
    const expiresAtMs = Math.floor(this.#timeline.nowMs) + HOUR;
    this.#access.set(accessToken, { grant, untilMs: expiresAtMs });
    const { sub, email, hostedDomain: hd } = account;
    const idToken: IdToken = { sub, email, hd, aud: CLIENT_ID, nonce: about.nonce };
    const told = about.consent || !this.#chance.happens(0.1);
    return {
      accessToken: new Secret(accessToken),
      expiresAtMs,
      refreshToken: about.refreshToken === null ? null : new Secret(about.refreshToken),
      refreshTokenMarks: about.refreshToken === null ? [] : [`mark of ${about.refreshToken}`],
      refreshTokenExpiresAtMs: end?.announced ? Math.floor(end.atMs) : null,
      scopes: told ? grant.scopes : null,
      idToken: told ? JSON.stringify(idToken) : null,
    };
  }

  #trouble(): TokenRefusal | null {
    if (this.#weather.isDown("oauth")) return { kind: "unreachable", reason: "down", retryAfterS: 5 };
    if (this.rejectsClient) return { kind: "client_rejected", error: "invalid_client" };
    return !this.#weather.isCalm && this.#chance.happens(this.#faults.nonsense)
      ? { kind: "unreachable", reason: "unlisted_code", retryAfterS: 1 + this.#chance.below(30) }
      : null;
  }

  #refusalOf(grant: LiveGrant | undefined): TokenRefusal | null {
    if (grant?.account.disabled) return { ...INVALID_GRANT, description: "Account has been disabled" };
    if (grant === undefined) return INVALID_GRANT;
    if (grant.dead?.why === "session") return { ...INVALID_GRANT, subtype: "invalid_rapt" };
    return grant.dead === null ? null : INVALID_GRANT;
  }

  /** Google as a process speaks to it. */
  for(process: Process): GoogleOAuth {
    const speaks = () => process.wait(this.#chance.between(40, 400));
    return {
      authorizationUrl: async (request: AuthorizationRequest): Promise<string> => {
        const url = this.#next("https://accounts.google.invalid/");
        this.#requests.set(url, request);
        return url;
      },
      exchangeCode: async (client: OAuthClient, { code, verifier }) => {
        await speaks();
        const trouble = this.#trouble();
        if (trouble !== null) return refuse(trouble);
        const given = this.#codes.get(code);
        const challenge = createHash("sha256").update(verifier.reveal()).digest("base64url");
        if (given === undefined || given.request.codeChallenge !== challenge || client.clientId !== CLIENT_ID)
          return refuse(INVALID_GRANT);
        this.#codes.delete(code);
        const grant = this.#newGrant(given.account, given.scopes);
        const tokens = this.#answer(grant, { refreshToken: grant.token, nonce: given.request.nonce, consent: true });
        await speaks();
        return { ok: true, tokens } as const;
      },
      refresh: async (_client: OAuthClient, refreshToken: Secret) => {
        await speaks();
        const trouble = this.#trouble();
        if (trouble !== null) return refuse(trouble);
        const grant = this.#grants.get(refreshToken.reveal());
        const refusal = this.#refusalOf(grant);
        if (refusal !== null || grant === undefined) return refuse(refusal ?? INVALID_GRANT);
        const rotates = !this.#weather.isCalm && this.#chance.happens(this.#faults.rotates);
        const next = rotates ? this.#rotated(grant) : grant;
        const tokens = this.#answer(next, {
          refreshToken: rotates ? next.token : null,
          nonce: null,
          consent: false,
        });
        await speaks();
        return { ok: true, tokens } as const;
      },
      identify: async (idToken, expected) => {
        const { sub, email, hd, aud, nonce }: IdToken = JSON.parse(idToken);
        const fits = [expected.audience].flat().includes(aud) && (expected.nonce === null || expected.nonce === nonce);
        if (!fits) return { ok: false, reason: "unproven", detail: "audience or nonce" } as const;
        if (this.#weather.isDown("oauth") && this.#chance.happens(0.5))
          return { ok: false, reason: "unreachable", detail: "keys" } as const;
        const identity: Identity = { sub, email, hostedDomain: hd };
        return { ok: true, identity } as const;
      },
      revoke: async (token: Secret) => {
        await speaks();
        if (this.#weather.isDown("oauth")) return "unreachable";
        const grant = this.#grants.get(token.reveal()) ?? this.#access.get(token.reveal())?.grant;
        if (grant === undefined || grant.dead !== null) return "gone";
        this.endAll(grant.account, "revoked");
        await speaks();
        return "revoked";
      },
    };
  }

  /** The same grant under another token; it ends when the first one would. */
  #rotated(before: LiveGrant): LiveGrant {
    const next: LiveGrant = { ...before, token: this.#next("refresh"), dead: null };
    this.#grants.set(next.token, next);
    before.account.grants.push(next);
    const { end } = next;
    if (end !== null) this.#timeline.at(end.atMs, () => this.end(next, end.why));
    // Google says nothing of how long the old token lives on.
    this.#timeline.after(this.#chance.between(10 * SECOND, DAY), () => {
      if (before.dead !== null) return;
      before.dead = { atMs: this.#timeline.nowMs, why: "revoked" };
      before.account.grants.splice(before.account.grants.indexOf(before), 1);
      this.onEnd(before);
    });
    return next;
  }

  newAccount(email: string, more: Pick<Account, "hostedDomain" | "sessionMs" | "timeLimitMs">): Account {
    const account: Account = {
      sub: String(100_000_000 + this.accounts.size),
      email,
      formerEmails: [],
      grants: [],
      disabled: false,
      refusedUntilMs: 0,
      quotaUntilMs: 0,
      sessions: 0,
      ...more,
    };
    this.accounts.set(account.sub, account);
    return account;
  }
}

export const mayUseSmtp = (scopes: readonly string[]): boolean => scopes.includes(FULL_MAIL);
