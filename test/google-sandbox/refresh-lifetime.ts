import { TEN_YEARS_S, TESTING_LIFETIME_S } from "./limits.ts";
import type { Parts } from "./parts.ts";
import { isSignInScope } from "./scopes.ts";

interface TokenSource {
  readonly accountId?: string | undefined;
  readonly grantId?: string | undefined;
  readonly scopes: ReadonlySet<string>;
}

type Known = Pick<Parts, "accounts" | "faults" | "grants">;

/**
 * Google issues one only for offline access, and only if the consent page was shown (the first time, or
 * `prompt=consent`).
 */
export const issuesRefreshToken = (parts: Known, code: TokenSource): boolean => {
  const facts = parts.grants.facts(code.grantId ?? "");
  if (facts === null || !facts.offline || !facts.consentShown) return false;
  return parts.faults.take("no_refresh_token", emailOf(parts, code)) === null;
};

/**
 * A refresh token's lifetime in seconds. It is unlimited, unless the user gave access for a time, or the app is in
 * Testing, which does not affect tokens that are only for signing in.
 */
export const grantLifetime = (parts: Known, token: TokenSource): number => {
  const email = emailOf(parts, token);
  const limited = parts.faults.take("refresh_token_expires_in", email);
  if (limited !== null) {
    parts.grants.announceLifetime(token.grantId ?? "");
    return limited.seconds;
  }
  if ([...token.scopes].every(isSignInScope)) return TEN_YEARS_S;
  const testing = parts.faults.take("testing_mode", email);
  if (testing === null) return TEN_YEARS_S;
  if (testing.announced !== false) parts.grants.announceLifetime(token.grantId ?? "");
  return TESTING_LIFETIME_S;
};

const emailOf = (parts: Known, token: TokenSource): string | null =>
  parts.accounts.bySub(token.accountId ?? "")?.email ?? null;
