import type { Clock } from "../../clock.ts";
import type { GoogleOAuth, TokenAnswer, TokenRefusal } from "../../google/tokens.ts";
import type { Log } from "../../log.ts";
import { type Grant, grantOf } from "../../mail-servers/mail-server.ts";
import type { ServerDeps } from "../../mail-servers/save-server.ts";
import type { Secret } from "../../secret.ts";
import { type App, type Death, diagnoseDeath } from "../checks/lifetime.ts";
import { findIdentity, type IdentityFound } from "../connect/identity.ts";
import { livingGrants, rankOf, readGrantLedger } from "../grant-ledger.ts";
import { noteClientFacts, noteRejection } from "./client-facts.ts";
import { type ClientDeps, type ClientReader, clientReader } from "./oauth-client.ts";
import { reasonOfEnd } from "./reason-of-end.ts";
import { rotateToken } from "./replace-secret.ts";

export interface AskDeps extends ClientDeps, ServerDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly oauth: Pick<GoogleOAuth, "refresh" | "identify">;
  /** A cached client for many grants (`rememberedClient`); if absent, it is read each time. */
  readonly client?: ClientReader;
}

export type RefreshOutcome =
  | {
      readonly kind: "token";
      readonly tokens: TokenAnswer;
      readonly grant: Grant;
      readonly app: App;
      readonly identity: Exclude<IdentityFound, { readonly kind: "another" }>;
    }
  /** The token belongs to another account and must not be used; its scopes serve Test connection. */
  | { readonly kind: "account_mismatch"; readonly scopes: readonly string[] }
  | { readonly kind: "dead"; readonly death: Death; readonly grant: Grant }
  | { readonly kind: "client_rejected" }
  /** The grant is valid but belongs to a different OAuth client than the configured one. */
  | { readonly kind: "client_changed" }
  | { readonly kind: "unreachable"; readonly retryAfterS: number };

/**
 * Refreshes a grant and returns what that says about it. If Google replaces the refresh token, the new one is stored
 * first, because a crash would otherwise lose the grant; if it is another account's, the old one stays in its place.
 * Neither an outage nor a refused client says anything about the grant. Throws `Unavailable`.
 */
export const askGoogle = async (deps: AskDeps, serverId: string, grant: Grant): Promise<RefreshOutcome> => {
  const readFresh = clientReader(deps);
  const outcome = await askAsClient(deps, await (deps.client ?? readFresh)(), { serverId, grant });
  // The cached client may be stale: another one, or another secret, may have been saved since.
  const mayBeStale = outcome.kind === "client_rejected" || outcome.kind === "client_changed";
  return mayBeStale && deps.client !== undefined ? askAsClient(deps, await readFresh(), { serverId, grant }) : outcome;
};

interface Asked {
  readonly serverId: string;
  readonly grant: Grant;
}

const askAsClient = async (
  deps: AskDeps,
  { client, app }: Awaited<ReturnType<ClientReader>>,
  asked: Asked,
): Promise<RefreshOutcome> => {
  const { serverId, grant } = asked;
  if (client === null) return { kind: "client_rejected" };
  // Google would answer `unauthorized_client`. The former client may be saved again, so the grant is kept.
  if (client.clientId !== grant.clientId) {
    deps.log.warn("oauth_client_changed", { server: serverId });
    return { kind: "client_changed" };
  }
  const refreshToken = await deps.vault.read({ kind: "refresh_token", serverId }, grant.secretVersion);
  if (refreshToken === undefined)
    return {
      kind: "dead",
      death: { reason: "secret_missing", by: "secret_unreadable", evidence: { secret: "unreadable" } },
      grant,
    };
  const answer = await deps.oauth.refresh(client, refreshToken);
  if (!answer.ok) return interpretRefusal(deps, { ...asked, app }, answer.refusal);
  if (app.rejected) await noteClientFacts(deps, grant.clientId, { rejected: null });
  const { tokens } = answer;
  let found: Promise<IdentityFound> | undefined;
  const findOnce = (): Promise<IdentityFound> => {
    found ??= findIdentity(deps, tokens, grant);
    return found;
  };
  const rotated = await rotate(deps, asked, { tokens, sent: refreshToken, findOnce });
  const identity = await findOnce();
  if (identity.kind !== "another") return { kind: "token", tokens, grant: rotated, app, identity };
  deps.log.error("token_of_another_account", { server: serverId });
  return { kind: "account_mismatch", scopes: scopesOf(tokens, grant) };
};

/** A refresh response may omit unchanged scopes (RFC 6749 §5.1). */
export const scopesOf = ({ scopes }: TokenAnswer, grant: Grant): readonly string[] =>
  scopes?.length ? scopes : grant.scopes;

/** An operator must fix this. It is reported once, not per grant. */
const reportRejection = async (deps: AskDeps, { serverId, grant }: Asked, error: string): Promise<RefreshOutcome> => {
  const { clientId } = grant;
  if (!(await noteRejection(deps, clientId, error))) deps.log.info("check_awaits_client", { server: serverId });
  return { kind: "client_rejected" };
};

const LOOK_EVERY_MS = 100;
const LOOKS = 20;

/**
 * Waits for a concurrent rotation: if a refresh token may be used only once, the later of two callers gets
 * `invalid_grant` for the token that the earlier is replacing. `endGrant` then notices the new pointer.
 */
const awaitRotation = async (deps: AskDeps, { serverId, grant }: Asked): Promise<void> => {
  for (let looks = 0; looks < LOOKS; looks += 1) {
    await deps.clock.sleep(LOOK_EVERY_MS);
    const [server, change] = await Promise.all([
      deps.records.get("mailServers", serverId),
      deps.records.get("secretSweeps", serverId),
    ]);
    const now = server === undefined ? null : grantOf(server.value);
    if (change === undefined || now?.secretVersion !== grant.secretVersion) return;
  }
};

type Asking = Asked & { readonly app: App };
type Ended = Extract<TokenRefusal, { readonly kind: "ended" }>;

const interpretRefusal = async (deps: AskDeps, asking: Asking, refusal: TokenRefusal): Promise<RefreshOutcome> => {
  const { serverId, grant } = asking;
  switch (refusal.kind) {
    case "ended":
      if (refusal.error === "invalid_grant") await awaitRotation(deps, asking);
      return { kind: "dead", death: await deathOf(deps, asking, refusal), grant };
    case "client_rejected":
      return reportRejection(deps, asking, refusal.error);
    case "unreachable":
      deps.log.warn("google_unreachable", { server: serverId, reason: refusal.reason });
      return { kind: "unreachable", retryAfterS: refusal.retryAfterS };
  }
};

/** Google's reason, or else the one that the grant's own history suggests. */
const deathOf = async (deps: AskDeps, { serverId, grant, app }: Asking, refusal: Ended): Promise<Death> => {
  const { error: by } = refusal;
  const reason = reasonOfEnd(refusal);
  if (reason !== null) return { reason, by, evidence: { error: by } };
  const ledger = await readGrantLedger(deps, grant);
  const rank = rankOf(livingGrants(deps.clock, ledger?.value, app), serverId);
  return { ...diagnoseDeath(deps, grant, { ...app, rank }), by };
};

interface Rotating {
  readonly tokens: TokenAnswer;
  readonly sent: Secret;
  readonly findOnce: () => Promise<IdentityFound>;
}

/** An answer that repeats the refresh token that was sent, as some servers' do, replaces nothing. */
const rotate = async (deps: AskDeps, asked: Asked, { tokens, sent, findOnce }: Rotating): Promise<Grant> => {
  const { refreshToken, refreshTokenMarks: marks = [] } = tokens;
  if (refreshToken === null || refreshToken.matches(sent)) return asked.grant;
  const isOurs = async (): Promise<boolean> => (await findOnce()).kind !== "another";
  return rotateToken(deps, asked, { refreshToken, marks, isOurs });
};
