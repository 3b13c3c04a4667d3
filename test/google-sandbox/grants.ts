import { UNUSED_REFRESH_TOKEN_MS } from "./limits.ts";
import { scopeList } from "./scopes.ts";
import type { State } from "./state.ts";

/** What the sandbox knows about a valid token. */
export interface LiveToken {
  readonly token: string;
  readonly kind: "AccessToken" | "RefreshToken";
  /** The account's `sub`. */
  readonly account: string;
  readonly client: string;
  readonly scopes: readonly string[];
}

export interface GrantFacts {
  readonly offline: boolean;
  /** The consent page was shown, which is the only case in which Google issues a refresh token. */
  readonly consentShown: boolean;
}

/** Consents, grants and tokens, beside what oidc-provider stores of them. */
export interface Grants {
  live(token: string): LiveToken | null;
  /** The owner of an authorization code or refresh token, even of one that has ended. */
  ownerOf(kind: "AuthorizationCode" | "RefreshToken", id: string): string | null;
  consented(account: string, client: string): readonly string[];
  addConsent(account: string, client: string, scopes: readonly string[]): void;
  noteGrant(grantId: string, facts: GrantFacts): void;
  facts(grantId: string): GrantFacts | null;
  announceLifetime(grantId: string): void;
  lifetimeAnnounced(grantId: string): boolean;
  /** Ends every grant, token and consent of the account, for one client or all. Returns how many tokens ended. */
  revoke(account: string, client: string | null): number;
  /** Keeps at most this many refresh tokens of an account and client; the oldest end without notice. */
  capRefreshTokens(account: string, client: string, most: number): void;
  /** Ends a refresh token that nobody has used for too long (six months at Google). */
  endUnused(refreshToken: string): void;
  noteUse(refreshToken: string): void;
  /** Makes every token this much older. */
  age(ms: number): void;
}

const TOKENS = "('AccessToken', 'RefreshToken', 'AuthorizationCode')";

export const grantsOf = (state: State): Grants => {
  const { database } = state;
  const token = (kind: string, id: string) =>
    database.prepare("SELECT * FROM models WHERE kind = ? AND id = ? AND consumed = 0").get(kind, id);
  const live = (id: string, kind: LiveToken["kind"]): LiveToken | null => {
    const row = token(kind, id);
    if (row === undefined) return null;
    const payload: { exp: number; accountId: string; clientId: string; scope?: string } = JSON.parse(
      String(row.payload),
    );
    // oidc-provider writes `exp` by the real clock, so ageing moves the stored times instead.
    if (payload.exp * 1000 <= Date.now()) return null;
    const { accountId: account, clientId: client } = payload;
    return { token: id, kind, account, client, scopes: scopeList(payload.scope) };
  };
  return {
    live: (id) => live(id, "AccessToken") ?? live(id, "RefreshToken"),
    ownerOf: (kind, id) => {
      const account = database.prepare("SELECT account FROM models WHERE kind = ? AND id = ?").get(kind, id)?.account;
      return typeof account === "string" ? account : null;
    },
    consented: (account, client) =>
      scopeList(
        database.prepare("SELECT scopes FROM consents WHERE account = ? AND client = ?").get(account, client)?.scopes,
      ),
    addConsent: (account, client, scopes) => {
      const before = database
        .prepare("SELECT scopes FROM consents WHERE account = ? AND client = ?")
        .get(account, client);
      const all = [...new Set([...scopeList(before?.scopes), ...scopes])].join(" ");
      database
        .prepare("INSERT OR REPLACE INTO consents (account, client, scopes) VALUES (?, ?, ?)")
        .run(account, client, all);
    },
    noteGrant: (grantId, facts) => {
      database
        .prepare("INSERT INTO grant_facts (grant_id, offline, consent_shown) VALUES (?, ?, ?)")
        .run(grantId, facts.offline ? 1 : 0, facts.consentShown ? 1 : 0);
    },
    facts: (grantId) => {
      const row = database.prepare("SELECT offline, consent_shown FROM grant_facts WHERE grant_id = ?").get(grantId);
      return row === undefined ? null : { offline: row.offline === 1, consentShown: row.consent_shown === 1 };
    },
    announceLifetime: (grantId) => {
      database.prepare("UPDATE grant_facts SET lifetime_announced = 1 WHERE grant_id = ?").run(grantId);
    },
    lifetimeAnnounced: (grantId) =>
      database.prepare("SELECT lifetime_announced FROM grant_facts WHERE grant_id = ?").get(grantId)
        ?.lifetime_announced === 1,
    revoke: (account, client) => {
      const whose = client === null ? "account = ?" : "account = ? AND client = ?";
      const values = client === null ? [account] : [account, client];
      const dead = database.prepare(`DELETE FROM models WHERE kind IN ${TOKENS} AND ${whose}`).run(...values);
      database.prepare(`DELETE FROM models WHERE kind = 'Grant' AND ${whose}`).run(...values);
      database.prepare(`DELETE FROM consents WHERE ${whose}`).run(...values);
      return Number(dead.changes);
    },
    capRefreshTokens: (account, client, most) => {
      database
        .prepare(
          `DELETE FROM models WHERE serial IN (
             SELECT serial FROM models
             WHERE kind = 'RefreshToken' AND consumed = 0 AND account = ? AND client = ?
             ORDER BY serial DESC LIMIT -1 OFFSET ?)`,
        )
        .run(account, client, most);
    },
    endUnused: (id) => {
      const row = token("RefreshToken", id);
      if (row === undefined) return;
      const payload: { iat: number } = JSON.parse(String(row.payload));
      const lastUseMs = Math.max(payload.iat * 1000, Number(row.used_at ?? 0));
      if (Date.now() - lastUseMs > UNUSED_REFRESH_TOKEN_MS) {
        database.prepare("DELETE FROM models WHERE kind = 'RefreshToken' AND id = ?").run(id);
      }
    },
    noteUse: (id) => {
      database.prepare("UPDATE models SET used_at = ? WHERE kind = 'RefreshToken' AND id = ?").run(Date.now(), id);
    },
    age: (ms) => {
      const seconds = Math.floor(ms / 1000);
      database
        .prepare(
          `UPDATE models SET used_at = used_at - ?, payload = json_set(payload,
             '$.iat', json_extract(payload, '$.iat') - ?, '$.exp', json_extract(payload, '$.exp') - ?)
           WHERE kind IN ${TOKENS}`,
        )
        .run(ms, seconds, seconds);
    },
  };
};
