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
import { forgetGrants } from "../grant-ledger.ts";
import type { SecretSweep } from "../records.ts";
import { serversOfAccount } from "../siblings.ts";
import { emptyEntryWrite, readEntry } from "../tokens/token-cache.ts";
import { endSecretChange, type SecretChange, secretChangeWrite, sweepServer } from "./secret-sweep.ts";

export interface DisconnectDeps extends NewsDeps {
  readonly log: Log;
  readonly vault: SecretVault;
  readonly oauth: Pick<GoogleOAuth, "revoke">;
}

export interface Disconnected {
  /** Google has ended the grant, or knew it no more. */
  readonly revoked: boolean;
  /** Servers that live by the same Google account, for whose sake nothing was revoked. */
  readonly sharedWith: readonly string[];
}

/**
 * Takes the account from a mail server: `not_connected`, the stored token destroyed, and revoked at Google unless another server holds a grant of the
 * same account (revoking one token voids the account's others for the same client).
 * Problems: `not_found`, `newer_version`. Idempotent. Throws `Contended`, `Unavailable`.
 *
 * In this order: token read, record written, siblings looked up, revoked, destroyed. Siblings are looked up after the write, so that of two
 * disconnections at once the later sees the earlier; destroyed last, so that a crash leaves a secret that nothing points to, and
 * never a pointer to nothing. What it leaves is written down with the record: the sweep, or a second disconnection, revokes and destroys it.
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
    const outcome = await revokeUnlessShared(deps, grant, token);
    await deps.vault.destroy({ kind: "refresh_token", serverId }, grant.secretVersion);
    await endSecretChange(deps, serverId, written.change);
    const news = { kind: "disconnected", server: serverInNews(serverId, server.value), outcome } as const;
    await deps.tell({ ...written.notice, value: { ...written.notice.value, news } });
    return ok(outcome);
  });

/** What an earlier disconnection was cut off from, at once instead of at the next sweep. */
const finishEarlier = async (deps: DisconnectDeps, serverId: string): Promise<boolean> => {
  const sweep = await deps.records.get("secretSweeps", serverId);
  if (sweep === undefined || sweep.value.revoke === null) return false;
  // Someone is connecting it just now: their secret lies in the vault already, and nothing points to it yet.
  if (sweep.value.adding && deps.clock.nowMs() < sweep.value.dueAtMs) return false;
  return (await sweepServer(deps, sweep)).revoked;
};

/** Answers what to end the change of secrets with, and what is to be told. `contended`: someone wrote meanwhile. */
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
    secretChangeWrite(deps.clock, id, { ...earlier?.value, revoke: owedRevocation(earlier?.value, grant) }),
    serverWrite(before, after),
    emptyEntryWrite(id, await readEntry(deps, id)),
    auditWrite(deps, { actor, action: "connection.disconnect", target: id, detail: { username: value.username } }),
    draft.write,
  ]);
  if (!outcome.done) return "contended";
  const change = earlier === undefined ? (outcome.versions[0] ?? null) : null;
  return { change, notice: writtenNotice(draft, outcome.versions) };
};

/** What the sweep is to revoke if this is cut off; what an earlier disconnection still owes of another account comes first, for it has nobody else. */
const owedRevocation = (earlier: SecretSweep | undefined, grant: Grant): SecretSweep["revoke"] => {
  const { sub, clientId, secretVersion } = grant;
  const owed = earlier?.revoke ?? null;
  return owed === null || owed.sub === sub ? { sub, clientId, secretVersion } : owed;
};

const revokeUnlessShared = async (
  deps: DisconnectDeps,
  grant: Grant,
  token: Secret | undefined,
): Promise<Disconnected> => {
  const sharedWith = await serversOfAccount(deps.records, grant.sub);
  if (sharedWith.length > 0 || token === undefined) return { revoked: false, sharedWith };
  const answer = await deps.oauth.revoke(token);
  if (answer === "unreachable") return { revoked: false, sharedWith: [] };
  await forgetGrants(deps, grant, deps.clock.nowMs());
  return { revoked: true, sharedWith: [] };
};
