import { changeOnCondition } from "../../change-on-condition.ts";
import { type Grant, grantOf, type MailServer } from "../../mail-servers/mail-server.ts";
import { serverInNews } from "../../mail-servers/news-of-move.ts";
import { noteOnServer, type ServerDeps, saveServer } from "../../mail-servers/save-server.ts";
import { isUnderstoodServer, withConnection } from "../../mail-servers/understood.ts";
import type { Versioned } from "../../records.ts";
import type { Death } from "../checks/lifetime.ts";
import { mayBeAlive } from "../checks/may-be-alive.ts";
import { noteClientFacts } from "../tokens/client-facts.ts";
import { emptyEntryWrite, readEntry } from "../tokens/token-cache.ts";

/**
 * Marks a grant as dead: the server moves to `reconnect_required`, is not checked any more, and loses its cached token.
 * The refresh token stays stored until the next grant replaces it. False, without a change, if the server no longer has
 * this grant or is in a later release's state. Throws `Contended`, `Unavailable`.
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
    if (!isUnderstoodServer(server.value)) return leaveToLaterRelease(deps, serverId);
    if (server.value.connection.state === "reconnect_required") {
      return (await confirmEnd(deps, server, { reason, by })) || "contended";
    }
    const sinceMs = deps.clock.nowMs();
    const ended = reason === "session_policy" ? withSessionLife(grant, sinceMs) : grant;
    const connection = { state: "reconnect_required", grant: ended, reason, sinceMs, endedBy: by } as const;
    const value = { ...withConnection(server.value, connection), nextCheckAtMs: null };
    // Other grants of this client may end the same way. Note this first: after a crash it is simply noted again.
    if (reason === "testing_7d") await noteClientFacts(deps, grant.clientId, { sevenDayDeathAtMs: sinceMs });
    const also = [emptyEntryWrite(serverId, await readEntry(deps, serverId))];
    const of = { server: serverInNews(serverId, server.value), grant, reason, evidence, sinceMs };
    const saved = await saveServer(deps, server, { value, also, news: [{ kind: "reconnect_required", ...of }] });
    return saved.done || "contended";
  });

/** A later release has put the server in a state of its own, and finds out about the end itself. */
const leaveToLaterRelease = ({ log }: ServerDeps, serverId: string): false => {
  log.warn("later_record_left", { kind: "mailServers", id: serverId });
  return false;
};

/** Older lives say little, because an administrator may change the session length. */
const MOST_LIVES = 3;

/** The life of the session that ended predicts that of the next. */
const withSessionLife = (grant: Grant, endedAtMs: number): Grant => ({
  ...grant,
  sessionLivesMs: [...(grant.sessionLivesMs ?? []), endedAtMs - grant.connectedAtMs].slice(-MOST_LIVES),
});

/**
 * Google has confirmed the end of a grant that was given up earlier: its account was disabled and enabled again, or an
 * earlier release gave it up for unclear reasons. No check is due any more. False if somebody else has written.
 */
const confirmEnd = async (
  deps: ServerDeps,
  server: Versioned<MailServer>,
  { reason, by }: Pick<Death, "reason" | "by">,
): Promise<boolean> => {
  const { connection: before, nextCheckAtMs } = server.value;
  const unexplained = mayBeAlive(before) && before.state === "reconnect_required";
  if (nextCheckAtMs === null && !unexplained) return true;
  if (!unexplained) return noteOnServer(deps.records, server, { nextCheckAtMs: null });
  const ended = withConnection(server.value, { ...before, reason, endedBy: by });
  return (await saveServer(deps, server, { value: { ...ended, nextCheckAtMs: null } })).done;
};
