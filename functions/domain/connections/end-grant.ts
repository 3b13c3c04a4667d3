import { grantOf, type MailServer } from "../mail-servers/mail-server.ts";
import { commitNews, type NewsDeps } from "../notices/commit-news.ts";
import type { Versioned } from "../records.ts";
import { noteClientFacts } from "./client-facts.ts";
import type { Death } from "./lifetime.ts";
import { named } from "./news-of-move.ts";
import { emptyEntryWrite, readEntry } from "./token-cache.ts";

const TRIES = 8;

/**
 * The grant is dead: the server becomes `reconnect_required`, nothing checks it any more, its cached token is gone. The stored refresh token
 * stays where it is, since the pointer to it must not dangle; the next grant supersedes it.
 * `false`: the server holds another grant by now (a reconnect, a rotation), or none; nothing was changed. Throws `Unavailable`.
 */
export const endGrant = async (
  deps: NewsDeps,
  { serverId, secretVersion }: { readonly serverId: string; readonly secretVersion: string },
  { reason, evidence }: Death,
): Promise<boolean> => {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const server = await deps.records.get("mailServers", serverId);
    const grant = server === undefined ? null : grantOf(server.value);
    if (server === undefined || grant === null || grant.secretVersion !== secretVersion) return false;
    if (server.value.connection.state === "reconnect_required") {
      if (await endChecks(deps, server)) return true;
      continue;
    }
    const sinceMs = deps.clock.nowMs();
    const connection = { state: "reconnect_required", grant, reason, sinceMs } as const;
    const value = { ...server.value, connection, nextCheckAtMs: null };
    // Other grants of this client may come to the same end: they are warned of it. First, for a crash in between only has it noted again.
    if (reason === "testing_7d") await noteClientFacts(deps.records, grant.clientId, { sevenDayDeathAtMs: sinceMs });
    const writes = [
      { op: "replace", kind: "mailServers", id: serverId, version: server.version, value },
      emptyEntryWrite(serverId, await readEntry(deps, serverId)),
    ] as const;
    const of = { server: named(serverId, server.value), grant, reason, evidence, sinceMs };
    if ((await commitNews(deps, writes, { kind: "reconnect_required", ...of })).done) return true;
  }
  throw new Error("a mail server was written to without end");
};

/**
 * It was dead before, of an account that Google had disabled and has enabled again: Google was asked once more, perhaps over an outage, and has said now that the
 * grant is gone. False: somebody wrote.
 */
const endChecks = async ({ records }: NewsDeps, { id, version, value }: Versioned<MailServer>): Promise<boolean> => {
  if (value.nextCheckAtMs === null) return true;
  const after = { ...value, nextCheckAtMs: null };
  return (await records.commit([{ op: "replace", kind: "mailServers", id, version, value: after }])).done;
};
