import { sameMailbox } from "../address.ts";
import type { Connection, MailServer } from "./mail-server.ts";
import { scopesSuffice } from "./scopes.ts";

/** Errors that come from how the server is set up, and pass when it is set up as the grant has it. */
const misfit = (server: Pick<MailServer, "username" | "transport" | "connection">) => {
  const { connection } = server;
  if (connection.state === "not_connected") return null;
  if (!sameMailbox(connection.grant.email, server.username)) return "account_mismatch" as const;
  return scopesSuffice(server.transport, connection.grant.scopes) ? null : ("scope_missing" as const);
};

/**
 * The connection after `username` or `transport` was edited. The grant is kept whatever is edited, since nothing but a person can get it
 * back; but a server whose grant is another account's, or lacks the transport's scope, must not send by it: it is in `error`
 * (`account_mismatch`, `scope_missing`) until it is connected anew or the edit is taken back. Taken back, it is what it was: the grant
 * was proven before, and `nextCheckAtMs` has it proven again at the next tick. A dead grant (`reconnect_required`) stays dead.
 */
export const judgeConnection = (
  server: Pick<MailServer, "username" | "transport" | "connection">,
  nowMs: number,
): Connection => {
  const { connection } = server;
  if (connection.state === "not_connected" || connection.state === "reconnect_required") return connection;
  const reason = misfit(server);
  if (reason !== null) {
    const unchanged = connection.state === "error" && connection.reason === reason;
    return unchanged ? connection : { state: "error", grant: connection.grant, reason, sinceMs: nowMs };
  }
  const mended =
    connection.state === "error" && (connection.reason === "account_mismatch" || connection.reason === "scope_missing");
  return mended ? { state: "valid", grant: connection.grant } : connection;
};
