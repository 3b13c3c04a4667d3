import type { News } from "../news.ts";
import type { Connection, MailServer } from "./mail-server.ts";

/** Each warning is given once: the first, the one a day ahead, and that of another reason. */
const isNewWarning = (before: Connection, now: Extract<Connection, { readonly state: "expiring" }>): boolean =>
  before.state !== "expiring" ||
  before.reason !== now.reason ||
  (now.warning === "last" && (before.warning ?? "first") === "first");

/** How news name a server. */
export const named = (id: string, { name, username }: MailServer): { id: string; name: string; username: string } => ({
  id,
  name,
  username,
});

/** What there is to tell of a server's move to `now`; null: nothing. Pure. */
export const newsOfMove = (id: string, before: MailServer, now: Connection): News | null => {
  const server = named(id, before);
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
  // That Google refuses the client is told once for all its servers (`noteRejection`).
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
