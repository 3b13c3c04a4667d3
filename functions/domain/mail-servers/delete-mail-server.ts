import { auditWrite } from "../access/audit.ts";
import { type Principal, principalName } from "../access/records.ts";
import { changeOnCondition } from "../change-on-condition.ts";
import { detail } from "../detail-texts.ts";
import type { Problem } from "../problem.ts";
import type { Versioned } from "../records.ts";
import { fail, ok, type Result } from "../result.ts";
import type { SecretVault } from "../secret-vault.ts";
import type { MailServerDeps } from "./create-mail-server.ts";
import { ifMatches } from "./if-match.ts";
import type { MailServer } from "./mail-server.ts";
import { freeName } from "./names.ts";
import { noteOnServer } from "./save-server.ts";
import { mayAdminister, visibleServer } from "./server-access.ts";
import { isUnderstoodServer } from "./understood.ts";

/** The messages of a server that are not final yet. Both methods throw `Unavailable`. */
export interface OpenMessages {
  /** Whether one is being handed to Gmail, or may have been. */
  anyUnderWay(serverId: string): Promise<boolean>;
  /** Whether one waits and can be canceled. */
  anyWaiting(serverId: string): Promise<boolean>;
}

export interface DeleteDeps extends MailServerDeps {
  readonly vault: SecretVault;
  readonly openMessages: OpenMessages;
  /** Cancels what waits for this server; leaves what is under way. */
  readonly cancelWaiting: (serverId: string) => Promise<void>;
  /** Destroys the stored token and revokes it at Google where no sibling lives by it; leaves the server `not_connected`. */
  readonly disconnect: (serverId: string) => Promise<Result<unknown>>;
}

/** What keeps the server from being deleted; null: nothing. Under way beats waiting, since no cancelling helps against it. */
const obstacle = async (open: OpenMessages, serverId: string, cancel: boolean): Promise<Problem | null> => {
  if (await open.anyUnderWay(serverId)) {
    return {
      code: "has_open_messages",
      ...(cancel ? { detail: detail("messages_under_way") } : {}),
    };
  }
  return !cancel && (await open.anyWaiting(serverId)) ? { code: "has_open_messages" } : null;
};

/** From here on it is chosen for no new message. False: someone wrote meanwhile. */
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
    { op: "delete", kind: "quotas", id },
    auditWrite(deps, {
      actor,
      action: "mail_server.delete",
      target: id,
      detail: { name: value.name, username: value.username },
    }),
  ]);
  return outcome.done;
};

/** One pass; false: someone wrote to the server meanwhile, look again. */
const takeDown = async (
  deps: DeleteDeps,
  actor: string,
  wanted: { readonly server: Versioned<MailServer>; readonly cancel: boolean },
): Promise<Result<boolean>> => {
  const { id } = wanted.server;
  if (!(await archive(deps, wanted.server))) return ok(false);
  if (wanted.cancel) await deps.cancelWaiting(id);
  // Of a server without a grant too: an earlier disconnection may have been cut off before it revoked, and the token goes for good below.
  const disconnected = await deps.disconnect(id);
  // Deleted by someone else in between: looking again tells.
  if (!disconnected.ok) return disconnected.problem.code === "not_found" ? ok(false) : disconnected;
  // Also versions that a crash between secret and pointer left behind.
  await deps.vault.remove({ kind: "refresh_token", serverId: id });
  const last = await deps.records.get("mailServers", id);
  if (last === undefined) return ok(true);
  return ok(last.value.connection.state === "not_connected" && (await erase(deps, actor, last)));
};

/**
 * Deletes a server with its token and its ledger, and frees its name. `not_found`; `forbidden` to members; `stale` when `If-Match` names
 * another state; `has_open_messages` while messages wait (with `cancel`, those are canceled first) or are under way; what `disconnect` answers.
 * Throws `Contended`, `Unavailable`.
 *
 * In this order, so that a crash in between leaves a server that can be deleted again, never a token without a server: archived (no new
 * message chooses it), messages canceled, token revoked and destroyed, record gone and name freed in one commit. The audit has its own line for
 * the disconnection. A message accepted in the very instant before the archiving finds no server when its turn comes, and fails saying so.
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
    // What was asked for is done to what was seen; once begun, to whatever has become of it.
    const server = lost === 0 ? seen.value : await deps.records.get("mailServers", wanted.id);
    // Gone by another request at the same time: what was wanted has come about.
    if (server === undefined) return ok(null);
    const problem = await obstacle(deps.openMessages, wanted.id, wanted.cancel);
    if (problem !== null) return fail(problem);
    const down = await takeDown(deps, principalName(principal), { server, cancel: wanted.cancel });
    if (!down.ok) return down;
    return down.value ? ok(null) : "contended";
  });
};
