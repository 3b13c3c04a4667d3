import { auditWrite } from "../access/audit.ts";
import { type Principal, principalName } from "../access/records.ts";
import { changeOnCondition } from "../change-on-condition.ts";
import { detail } from "../detail-texts.ts";
import type { Problem } from "../problem.ts";
import type { Versioned, Write } from "../records.ts";
import { fail, ok, type Result } from "../result.ts";
import type { SecretVault } from "../secret-vault.ts";
import type { MailServerDeps } from "./create-mail-server.ts";
import { ifMatches } from "./if-match.ts";
import type { MailServer } from "./mail-server.ts";
import { freeName } from "./names.ts";
import { noteOnServer } from "./save-server.ts";
import { mayAdminister, visibleServer } from "./server-access.ts";
import { isUnderstoodServer } from "./understood.ts";

/** A server's messages that are not final yet. Both methods throw `Unavailable`. */
export interface OpenMessages {
  /** Whether one is being handed to Gmail, or may already have been. */
  anyUnderWay(serverId: string): Promise<boolean>;
  /** Whether one is waiting and can be canceled. */
  anyWaiting(serverId: string): Promise<boolean>;
}

export interface DeleteDeps extends MailServerDeps {
  readonly vault: SecretVault;
  readonly openMessages: OpenMessages;
  /** Cancels the waiting messages of this server, but not those under way. */
  readonly cancelWaiting: (serverId: string) => Promise<void>;
  /** The writes that delete the server's ledger and keep what is counted in it. */
  readonly closeLedger: (serverId: string) => Promise<readonly Write[]>;
  /** Destroys the stored token, revokes it at Google unless another server uses the account, and disconnects. */
  readonly disconnect: (serverId: string) => Promise<Result<unknown>>;
}

/** What prevents the deletion, or null. Messages under way are reported first, because they cannot be canceled. */
const findObstacle = async (open: OpenMessages, serverId: string, cancel: boolean): Promise<Problem | null> => {
  if (await open.anyUnderWay(serverId)) {
    return {
      code: "has_open_messages",
      ...(cancel ? { detail: detail("messages_under_way") } : {}),
    };
  }
  return !cancel && (await open.anyWaiting(serverId)) ? { code: "has_open_messages" } : null;
};

/** Makes the server unavailable to new messages. False if somebody has changed it in the meantime. */
const archive = async (deps: DeleteDeps, server: Versioned<MailServer>): Promise<boolean> =>
  !server.value.active || noteOnServer(deps.records, server, { active: false, updatedAtMs: deps.clock.nowMs() });

const erase = async (
  deps: DeleteDeps,
  actor: string,
  { id, version, value }: Versioned<MailServer>,
): Promise<boolean> => {
  const outcome = await deps.records.commit([
    { op: "delete", kind: "mailServers", id, version },
    await freeName(deps.records, { serverId: id, name: value.name }),
    { op: "delete", kind: "accessTokens", id },
    ...(await deps.closeLedger(id)),
    auditWrite(deps, {
      actor,
      action: "mail_server.delete",
      target: id,
      detail: { name: value.name, username: value.username },
    }),
  ]);
  return outcome.done;
};

/** Tries once to delete a server. False if somebody has changed it in the meantime. */
const tryToDelete = async (
  deps: DeleteDeps,
  actor: string,
  wanted: { readonly server: Versioned<MailServer>; readonly cancel: boolean },
): Promise<Result<boolean>> => {
  const { id } = wanted.server;
  if (!(await archive(deps, wanted.server))) return ok(false);
  if (wanted.cancel) await deps.cancelWaiting(id);
  // Even without a grant: an earlier disconnection may have crashed before revoking, and the token is destroyed below.
  const disconnected = await deps.disconnect(id);
  // If somebody else has deleted it, the next try finds that out.
  if (!disconnected.ok) return disconnected.problem.code === "not_found" ? ok(false) : disconnected;
  // This includes versions left behind by a crash between adding the secret and pointing to it.
  await deps.vault.remove({ kind: "refresh_token", serverId: id });
  const last = await deps.records.get("mailServers", id);
  if (last === undefined) return ok(true);
  return ok(last.value.connection.state === "not_connected" && (await erase(deps, actor, last)));
};

/**
 * Deletes a server with its token and its ledger, and frees its name. `not_found`; `forbidden` to members; `stale` if
 * `If-Match` does not match; `has_open_messages` while messages are under way, or waiting and `cancel` is false; the
 * problems of `disconnect`. Throws `Contended`, `Unavailable`.
 *
 * The server is archived, its messages are canceled, its token is destroyed, and only then the record is deleted: a
 * crash in between leaves a server that can be deleted again, never a token without a server. A message accepted just
 * before the archiving later fails because its server is gone.
 */
export const deleteMailServer = async (
  deps: DeleteDeps,
  principal: Principal,
  wanted: { readonly id: string; readonly cancel: boolean; readonly ifMatch?: string | null },
): Promise<Result<null>> => {
  const seen = await visibleServer(deps.records, principal, wanted.id);
  if (!seen.ok) return seen;
  if (!mayAdminister(principal)) return fail({ code: "forbidden" });
  if (!ifMatches(wanted.ifMatch ?? null, seen.value)) return fail({ code: "stale" });
  if (!isUnderstoodServer(seen.value.value)) return fail({ code: "newer_version" });
  return changeOnCondition<Result<null>>(deps, "delete a mail server", async (lost) => {
    // Begin with the state that the caller saw; once begun, go on with whatever the state is now.
    const server = lost === 0 ? seen.value : await deps.records.get("mailServers", wanted.id);
    // A concurrent request has deleted it.
    if (server === undefined) return ok(null);
    const problem = await findObstacle(deps.openMessages, wanted.id, wanted.cancel);
    if (problem !== null) return fail(problem);
    const deleted = await tryToDelete(deps, principalName(principal), { server, cancel: wanted.cancel });
    if (!deleted.ok) return deleted;
    return deleted.value ? ok(null) : "contended";
  });
};
