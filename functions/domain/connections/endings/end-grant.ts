import { changeOnCondition } from "../../change-on-condition.ts";
import { type Grant, grantOf, type MailServer } from "../../mail-servers/mail-server.ts";
import { serverInNews } from "../../mail-servers/news-of-move.ts";
import { noteOnServer, type ServerDeps, saveServer } from "../../mail-servers/save-server.ts";
import { isUnderstoodServer, withConnection } from "../../mail-servers/understood.ts";
import type { Versioned } from "../../records.ts";
import type { Death } from "../checks/lifetime.ts";
import { mayLiveOn } from "../checks/may-live-on.ts";
import { noteClientFacts } from "../tokens/client-facts.ts";
import { emptyEntryWrite, readEntry } from "../tokens/token-cache.ts";

/**
 * The grant is dead: the server becomes `reconnect_required`, nothing checks it any more, its cached token is gone. The stored refresh token
 * stays where it is, since the pointer to it must not dangle; the next grant supersedes it.
 * `false`: the server holds another grant by now (a reconnect, a rotation), none, or is in a state of a later release; nothing was changed. Throws
 * `Contended`, `Unavailable`.
 */
export const endGrant = async (
  deps: ServerDeps,
  { serverId, secretVersion }: { readonly serverId: string; readonly secretVersion: string },
  { reason, by, evidence }: Death,
): Promise<boolean> =>
  changeOnCondition<boolean>(deps, "end a grant", async () => {
    const server = await deps.records.get("mailServers", serverId);
    const grant = server === undefined ? null : grantOf(server.value);
    if (server === undefined || grant === null || grant.secretVersion !== secretVersion) return false;
    if (!isUnderstoodServer(server.value)) return leave(deps, serverId);
    if (server.value.connection.state === "reconnect_required") {
      return (await confirmEnd(deps, server, { reason, by })) || "contended";
    }
    const sinceMs = deps.clock.nowMs();
    const ended = reason === "session_policy" ? withSessionLife(grant, sinceMs) : grant;
    const connection = { state: "reconnect_required", grant: ended, reason, sinceMs, endedBy: by } as const;
    const value = { ...withConnection(server.value, connection), nextCheckAtMs: null };
    // Other grants of this client may come to the same end: they are warned of it. First, for a crash in between only has it noted again.
    if (reason === "testing_7d") await noteClientFacts(deps, grant.clientId, { sevenDayDeathAtMs: sinceMs });
    const also = [emptyEntryWrite(serverId, await readEntry(deps, serverId))];
    const of = { server: serverInNews(serverId, server.value), grant, reason, evidence, sinceMs };
    const saved = await saveServer(deps, server, { value, also, news: { kind: "reconnect_required", ...of } });
    return saved.done || "contended";
  });

/** A later release keeps the grant in a state of its own, and finds out about its end itself. */
const leave = ({ log }: ServerDeps, serverId: string): false => {
  log.warn("later_record_left", { kind: "mailServers", id: serverId });
  return false;
};

/** The latest are enough: an administrator may change the length. */
const LIVES_KEPT = 3;

/** A session that ended tells how long the next one will last. */
const withSessionLife = (grant: Grant, endedAtMs: number): Grant => ({
  ...grant,
  sessionLivesMs: [...(grant.sessionLivesMs ?? []), endedAtMs - grant.connectedAtMs].slice(-LIVES_KEPT),
});

/**
 * The grant was given up before, and Google has said now that it is gone: an account that was disabled and enabled again, or a grant that an earlier release gave
 * up for unclear reasons. No check is due any more. False: somebody else wrote.
 */
const confirmEnd = async (
  deps: ServerDeps,
  server: Versioned<MailServer>,
  { reason, by }: Pick<Death, "reason" | "by">,
): Promise<boolean> => {
  const { connection: before, nextCheckAtMs } = server.value;
  const unexplained = mayLiveOn(before) && before.state === "reconnect_required";
  if (nextCheckAtMs === null && !unexplained) return true;
  if (!unexplained) return noteOnServer(deps.records, server, { nextCheckAtMs: null });
  const ended = withConnection(server.value, { ...before, reason, endedBy: by });
  return (await saveServer(deps, server, { value: { ...ended, nextCheckAtMs: null } })).done;
};
