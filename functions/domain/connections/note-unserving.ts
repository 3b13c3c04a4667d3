import { commitNews, type NewsDeps } from "../notices/commit-news.ts";
import type { ClientTrouble } from "./client-trouble.ts";
import { newsOfMove } from "./news-of-move.ts";
import { firstRetryAtMs } from "./next-check.ts";

const TRIES = 8;

/**
 * A grant that lives does not serve: `error`, told once, and mail is held. `gmail_refused`: Gmail refuses to let the account in although its token is fresh, until a
 * passed Test connection shows that it is over. `client_changed`: the grant is another client's than the one that Relais speaks to Google as, until that one is saved
 * again, which a check finds, or the account is connected anew. `client_rejected`: Google refuses the client, which the next token that it gives ends, and checks ask
 * for. False: the server cannot send for another reason already, or is gone. Throws `Unavailable`.
 */
export const noteUnserving = async (
  deps: NewsDeps,
  serverId: string,
  reason: "gmail_refused" | ClientTrouble,
): Promise<boolean> => {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const server = await deps.records.get("mailServers", serverId);
    const connection = server?.value.connection;
    if (server === undefined || (connection?.state !== "valid" && connection?.state !== "expiring")) return false;
    const { version, value: before } = server;
    const now = { state: "error", grant: connection.grant, reason, sinceMs: deps.clock.nowMs() } as const;
    const retryAtMs = Math.min(before.nextCheckAtMs ?? Number.POSITIVE_INFINITY, firstRetryAtMs(deps));
    const nextCheckAtMs = reason === "client_rejected" ? retryAtMs : before.nextCheckAtMs;
    const value = { ...before, connection: now, nextCheckAtMs };
    const write = { op: "replace", kind: "mailServers", id: serverId, version, value } as const;
    if ((await commitNews(deps, [write], newsOfMove(serverId, before, now))).done) return true;
  }
  throw new Error("a mail server was written to without end");
};
