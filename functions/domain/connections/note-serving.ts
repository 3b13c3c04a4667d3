import { judgeConnection } from "../mail-servers/judge-connection.ts";
import type { Connection, Grant } from "../mail-servers/mail-server.ts";
import type { NewsDeps } from "../notices/commit-news.ts";
import type { Publisher } from "../publisher.ts";
import { hasClientTrouble } from "./client-trouble.ts";
import { type App, liveConnection } from "./lifetime.ts";
import { mayLiveOn } from "./may-live-on.ts";
import { saveServer } from "./save-server.ts";

/** States that a token from Google disproves: the client serves, or a grant that was given up lives. */
const disprovedByToken = (connection: Connection): boolean => mayLiveOn(connection) || hasClientTrouble(connection);

/**
 * Google has just given a token for this grant. A server that was out of use for want of one serves again, its held mail goes, and a check is due that proves
 * scopes and identity. Losing a race is fine: the check finds the same. Throws `Unavailable`.
 */
export const noteServing = async (
  deps: NewsDeps & { readonly publisher: Publisher },
  serverId: string,
  { grant, app }: { readonly grant: Grant; readonly app: App },
): Promise<void> => {
  const server = await deps.records.get("mailServers", serverId);
  if (server === undefined) return;
  const { connection } = server.value;
  if (connection.state === "not_connected" || !disprovedByToken(connection)) return;
  if (connection.grant.secretVersion !== grant.secretVersion) return;
  const nowMs = deps.clock.nowMs();
  const live = { ...server.value, connection: liveConnection(deps, connection.grant, app) };
  await saveServer(deps, server, {
    value: { ...live, connection: judgeConnection(live, nowMs), nextCheckAtMs: nowMs },
  });
};
