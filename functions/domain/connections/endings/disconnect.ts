import { auditWrite } from "../../access/audit.ts";
import { changeOnCondition } from "../../change-on-condition.ts";
import type { NewsDeps } from "../../commit-news.ts";
import type { GoogleOAuth } from "../../google/tokens.ts";
import type { Log } from "../../log.ts";
import { type Grant, grantOf, type MailServer } from "../../mail-servers/mail-server.ts";
import { serverInNews } from "../../mail-servers/news-of-move.ts";
import { serverWrite } from "../../mail-servers/save-server.ts";
import { isUnderstoodServer, withConnection } from "../../mail-servers/understood.ts";
import { draftNotice, type Notice, writtenNotice } from "../../news.ts";
import type { Versioned } from "../../records.ts";
import { fail, ok, type Result } from "../../result.ts";
import type { Secret } from "../../secret.ts";
import type { SecretVault } from "../../secret-vault.ts";
import type { SecretSweep } from "../records.ts";
import { serversOfAccount } from "../servers-of-account.ts";
import { emptyEntryWrite, readEntry } from "../tokens/token-cache.ts";
import { isRevoked, revokeAccount } from "./revoke-account.ts";
import { endSecretChange, type SecretChange, secretChangeWrite, sweepServer } from "./secret-sweep.ts";

export interface DisconnectDeps extends NewsDeps {
  readonly log: Log;
  readonly vault: SecretVault;
  readonly oauth: Pick<GoogleOAuth, "revoke">;
}

export interface Disconnected {
  /** Whether Google has ended the grant, now or earlier. */
  readonly revoked: boolean;
  /** Other servers with a grant of the same account, because of which nothing was revoked. */
  readonly sharedWith: readonly string[];
}

/**
 * Disconnects a mail server: destroys the stored token, and revokes it at Google unless another server has a grant of
 * the same account (revoking one ends the others too). `not_found`, `newer_version`. Idempotent. Throws `Contended`,
 * `Unavailable`.
 *
 * Other servers are looked up after the record is written, so that the later of two concurrent disconnections sees the
 * earlier. The token is destroyed last: if a crash leaves it, the sweep or a second disconnection cleans up.
 */
export const disconnect = async (
  deps: DisconnectDeps,
  serverId: string,
  actor: string,
): Promise<Result<Disconnected>> =>
  changeOnCondition<Result<Disconnected>>(deps, "disconnect a mail server", async () => {
    const server = await deps.records.get("mailServers", serverId);
    if (server === undefined) return fail({ code: "not_found" });
    if (!isUnderstoodServer(server.value)) return fail({ code: "newer_version" });
    const grant = grantOf(server.value);
    if (grant === null) return ok({ revoked: await finishEarlier(deps, serverId), sharedWith: [] });
    const token = await deps.vault.read({ kind: "refresh_token", serverId }, grant.secretVersion);
    const written = await writeDisconnected(deps, server, { actor, grant });
    if (written === "contended") return written;
    const outcome = await revokeUnlessShared(deps, { serverId, grant }, token);
    await deps.vault.destroy({ kind: "refresh_token", serverId }, grant.secretVersion);
    await endSecretChange(deps, serverId, written.change);
    const news = { kind: "disconnected", server: serverInNews(serverId, server.value), outcome } as const;
    await deps.tell({ ...written.notice, value: { ...written.notice.value, news } });
    return ok(outcome);
  });

/** Finishes an interrupted disconnection at once instead of at the next sweep. */
const finishEarlier = async (deps: DisconnectDeps, serverId: string): Promise<boolean> => {
  const sweep = await deps.records.get("secretSweeps", serverId);
  if (sweep === undefined || sweep.value.revoke === null) return false;
  // Somebody is connecting the server now: nothing points to their secret in the vault yet.
  if (sweep.value.adding && deps.clock.nowMs() < sweep.value.dueAtMs) return false;
  return (await sweepServer(deps, sweep)).revoked;
};

/** Writes the disconnected server together with the notice and the pending change of secrets. */
const writeDisconnected = async (
  deps: DisconnectDeps,
  before: Versioned<MailServer>,
  { actor, grant }: { readonly actor: string; readonly grant: Grant },
): Promise<{ readonly change: SecretChange; readonly notice: Versioned<Notice> } | "contended"> => {
  const { id, value } = before;
  const connection = { state: "not_connected", reason: "disconnected_by_operator" } as const;
  const after: MailServer = { ...withConnection(value, connection), accountSub: null, nextCheckAtMs: null };
  const earlier = await deps.records.get("secretSweeps", id);
  const draft = draftNotice(deps, { kind: "disconnected", server: serverInNews(id, value), outcome: null });
  const outcome = await deps.records.commit([
    secretChangeWrite(deps.clock, id, { ...earlier?.value, revoke: pendingRevocation(earlier?.value, grant) }),
    serverWrite(before, after),
    emptyEntryWrite(id, await readEntry(deps, id)),
    auditWrite(deps, { actor, action: "connection.disconnect", target: id, detail: { username: value.username } }),
    draft.write,
  ]);
  if (!outcome.done) return "contended";
  const change = earlier === undefined ? (outcome.versions[0] ?? null) : null;
  return { change, notice: writtenNotice(draft, outcome.versions) };
};

/** What the sweep must revoke after a crash. A pending revocation of another account comes first. */
const pendingRevocation = (earlier: SecretSweep | undefined, grant: Grant): SecretSweep["revoke"] => {
  const { sub, clientId, secretVersion } = grant;
  const pending = earlier?.revoke ?? null;
  return pending === null || pending.sub === sub ? { sub, clientId, secretVersion } : pending;
};

const revokeUnlessShared = async (
  deps: DisconnectDeps,
  { serverId, grant }: { readonly serverId: string; readonly grant: Grant },
  token: Secret | undefined,
): Promise<Disconnected> => {
  const sharedWith = await serversOfAccount(deps.records, grant.sub);
  if (sharedWith.length > 0 || token === undefined) return { revoked: false, sharedWith };
  const answer = await revokeAccount(deps, grant, token);
  if (!isRevoked(answer)) deps.log.warn("grant_not_revoked", { server: serverId, answer });
  return { revoked: isRevoked(answer), sharedWith: [] };
};
