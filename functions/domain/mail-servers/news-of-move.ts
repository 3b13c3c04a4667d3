import type { News } from "../news.ts";
import type { Connection, MailServer } from "./mail-server.ts";

/** Each warning is given once per reason: the first one, and the last one a day ahead. */
const isNewWarning = (before: Connection, now: Extract<Connection, { readonly state: "expiring" }>): boolean =>
  before.state !== "expiring" ||
  before.reason !== now.reason ||
  (now.warning === "last" && (before.warning ?? "first") === "first");

/** The description of a server in news. */
export const serverInNews = (
  id: string,
  { name, username }: MailServer,
): { id: string; name: string; username: string } => ({
  id,
  name,
  username,
});

/** The news of a server's move to `now`, or null. */
export const newsOfMove = (id: string, before: MailServer, now: Connection): News | null => {
  const server = serverInNews(id, before);
  if (now.state === "not_connected") {
    return before.connection.state === "not_connected" ? null : { kind: "disconnected", server, outcome: null };
  }
  if (before.connection.state === "not_connected") {
    return { kind: "connected", server, email: now.grant.email, transport: before.transport };
  }
  if (now.state === "expiring" && isNewWarning(before.connection, now)) {
    const { grant, reason, expiresAtMs, warning = "first" } = now;
    return { kind: "expiring", server, grant, reason, expiresAtMs, warning };
  }
  // `noteRejection` reports once for all servers that Google refuses the client.
  if (now.state === "error" && before.connection.state !== "error" && now.reason !== "client_rejected") {
    const { grant, reason, sinceMs } = now;
    return { kind: "error", server, grant, reason, sinceMs };
  }
  if (now.state === "reconnect_required" && before.connection.state !== "reconnect_required") {
    const { grant, reason, sinceMs } = now;
    return { kind: "reconnect_required", server, grant, reason, evidence: {}, sinceMs };
  }
  return null;
};
