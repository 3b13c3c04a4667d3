import type { Alert } from "../alerts/operator-alert.ts";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import { grantOf } from "../mail-servers/mail-server.ts";
import type { Announce } from "../publisher.ts";
import type { Records } from "../records.ts";
import { noteClientFacts } from "./client-facts.ts";
import type { Death } from "./lifetime.ts";
import { emptyEntryWrite, readEntry } from "./token-cache.ts";

export interface EndGrantDeps {
  readonly clock: Clock;
  readonly records: Records;
  readonly announce: Announce;
  readonly alert: Alert;
  readonly log: Log;
}

const TRIES = 8;

/**
 * The grant is dead: the server becomes `reconnect_required`, nothing checks it any more, its cached token is gone. The stored refresh token
 * stays where it is, since the pointer to it must not dangle; the next grant supersedes it.
 * `false`: the server holds another grant by now (a reconnect, a rotation), or none; nothing was changed. Throws `Unavailable`.
 */
export const endGrant = async (
  deps: EndGrantDeps,
  { serverId, secretVersion }: { readonly serverId: string; readonly secretVersion: string },
  { reason, evidence }: Death,
): Promise<boolean> => {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const server = await deps.records.get("mailServers", serverId);
    const grant = server === undefined ? null : grantOf(server.value);
    if (server === undefined || grant === null || grant.secretVersion !== secretVersion) return false;
    if (server.value.connection.state === "reconnect_required") return true;
    const sinceMs = deps.clock.nowMs();
    const connection = { state: "reconnect_required", grant, reason, sinceMs } as const;
    const value = { ...server.value, connection, nextCheckAtMs: null };
    const outcome = await deps.records.commit([
      { op: "replace", kind: "mailServers", id: serverId, version: server.version, value },
      emptyEntryWrite(serverId, await readEntry(deps, serverId)),
    ]);
    if (!outcome.done) continue;
    deps.log.warn("connection_reconnect_required", { server: serverId, reason, ...evidence });
    // Other grants of this client may come to the same end: they are warned of it.
    if (reason === "testing_7d") await noteClientFacts(deps.records, grant.clientId, { sevenDayDeathAtMs: sinceMs });
    const data = { server: serverId, name: server.value.name, username: server.value.username, reason, evidence };
    await deps.announce({ type: "relais.server.reconnect_required.v1", subject: serverId, data });
    const about = { id: serverId, name: server.value.name, grant, reason };
    await deps.alert({ kind: "reconnect_required", server: about, sinceMs });
    return true;
  }
  throw new Error("a mail server was written to without end");
};
