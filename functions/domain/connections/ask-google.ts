import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import { type ConnectionReason, type Grant, grantOf } from "../mail-servers/mail-server.ts";
import type { Settings } from "../settings/settings.ts";
import { diagnoseDeath } from "./lifetime.ts";
import { type ClientDeps, readClient } from "./oauth-client.ts";
import type { GoogleOAuth, TokenAnswer, TokenRefusal } from "./ports.ts";

export interface AskDeps extends ClientDeps {
  readonly clock: Clock;
  readonly oauth: Pick<GoogleOAuth, "refresh">;
  readonly log: Log;
}

export type GoogleSaid =
  | { readonly kind: "token"; readonly tokens: TokenAnswer; readonly grant: Grant; readonly settings: Settings }
  | { readonly kind: "dead"; readonly reason: ConnectionReason; readonly grant: Grant }
  | { readonly kind: "client_rejected" }
  | { readonly kind: "unreachable"; readonly retryAfterS: number };

/**
 * Refreshes a grant and says what that means for it. Writes nothing but the rotated secret: a refresh token that Google put in the old one's
 * place is stored, and pointed to, before the answer is used, or a crash would lose the grant.
 * Neither an outage nor a client that Google refuses says anything of the grant. Throws `Unavailable`.
 */
export const askGoogle = async (deps: AskDeps, serverId: string, grant: Grant): Promise<GoogleSaid> => {
  const { client, settings } = await readClient(deps);
  // Another client's refresh would be answered `unauthorized_client`; the former client may be saved again.
  if (client === null || client.clientId !== grant.clientId)
    return rejected(deps, serverId, "client_missing_or_changed");
  const refreshToken = await deps.vault.read({ kind: "refresh_token", serverId }, grant.secretVersion);
  if (refreshToken === undefined) return { kind: "dead", reason: "secret_missing", grant };
  const answer = await deps.oauth.refresh(client, refreshToken);
  if (!answer.ok) return refusalSays(deps, { serverId, grant, settings }, answer.refusal);
  const next = answer.tokens.refreshToken;
  const rotated = next !== null && !next.matches(refreshToken);
  const now = rotated ? await rotate(deps, { serverId, grant }, answer.tokens) : grant;
  return { kind: "token", tokens: answer.tokens, grant: now, settings };
};

const rejected = (deps: AskDeps, serverId: string, error: string): GoogleSaid => {
  deps.log.error("oauth_client_rejected", { server: serverId, error });
  return { kind: "client_rejected" };
};

const refusalSays = (
  deps: AskDeps,
  asked: { readonly serverId: string; readonly grant: Grant; readonly settings: Settings },
  refusal: TokenRefusal,
): GoogleSaid => {
  switch (refusal.kind) {
    case "invalid_grant":
      return { kind: "dead", reason: diagnoseDeath(deps, asked.grant, asked.settings), grant: asked.grant };
    case "refused":
      return {
        kind: "dead",
        reason:
          refusal.error === "admin_policy_enforced" || refusal.error === "org_internal" ? "admin_policy" : "unclear",
        grant: asked.grant,
      };
    case "client_rejected":
      return rejected(deps, asked.serverId, refusal.error);
    case "unreachable":
      deps.log.warn("google_unreachable", { server: asked.serverId, reason: refusal.reason });
      return { kind: "unreachable", retryAfterS: refusal.retryAfterS };
  }
};

const TRIES = 8;

/** Secret first, then the pointer, then the old secret's end: a crash in between leaves one secret too many, never a pointer to nothing. */
const rotate = async (
  deps: AskDeps,
  { serverId, grant }: { readonly serverId: string; readonly grant: Grant },
  tokens: TokenAnswer,
): Promise<Grant> => {
  const name = { kind: "refresh_token", serverId } as const;
  if (tokens.refreshToken === null) return grant;
  const secretVersion = await deps.vault.add(name, tokens.refreshToken);
  for (let tries = 0; tries < TRIES; tries += 1) {
    const server = await deps.records.get("mailServers", serverId);
    const held = server === undefined ? null : grantOf(server.value);
    if (server === undefined || held === null || held.secretVersion !== grant.secretVersion) {
      // Reconnected, rotated or disconnected meanwhile: that grant counts, this one serves nobody.
      await deps.vault.destroy(name, secretVersion);
      return grant;
    }
    const { connection } = server.value;
    if (connection.state === "not_connected") return grant;
    const next: Grant = { ...held, secretVersion, generation: held.generation + 1 };
    const value = { ...server.value, connection: { ...connection, grant: next } };
    const { version } = server;
    const outcome = await deps.records.commit([{ op: "replace", kind: "mailServers", id: serverId, version, value }]);
    if (!outcome.done) continue;
    await deps.vault.destroy(name, grant.secretVersion);
    return next;
  }
  throw new Error("a mail server was written to without end");
};
