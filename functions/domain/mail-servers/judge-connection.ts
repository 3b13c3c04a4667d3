import { sameMailbox } from "../address.ts";
import type { ReasonIn } from "../connection-states.ts";
import { traitsOf } from "../transport.ts";
import { type Connection, type Grant, grantOf, isRenamed, type MailServer } from "./mail-server.ts";
import { scopesSuffice } from "./scopes.ts";

type Judged = Pick<MailServer, "username" | "transport" | "sendAsUnchecked" | "connection">;

/** Errors that come from how the server is set up, and pass when it is set up as the grant has it. */
const MISFITS: readonly ReasonIn<"error">[] = ["account_mismatch", "account_renamed", "scope_missing"];

/** Does Gmail keep the former address in From? Unread send-as addresses prove nothing, unless an operator vouches for them. */
const isStillAlias = ({ username, transport, sendAsUnchecked }: Judged, { sendAs }: Grant): boolean =>
  sendAs === null
    ? traitsOf(transport).vouching && sendAsUnchecked
    : sendAs.addresses.some((address) => sameMailbox(address, username));

/** What keeps this account from serving under the server's username; null: nothing. */
export const addressMisfit = (server: Judged): "account_mismatch" | "account_renamed" | null => {
  const grant = grantOf(server);
  if (grant === null) return null;
  if (isRenamed(server)) return isStillAlias(server, grant) ? null : "account_renamed";
  return sameMailbox(grant.email, server.username) ? null : "account_mismatch";
};

const misfit = (server: Judged): ReasonIn<"error"> | null => {
  const { connection, transport } = server;
  if (connection.state === "not_connected") return null;
  return addressMisfit(server) ?? (scopesSuffice(transport, connection.grant.scopes) ? null : "scope_missing");
};

/**
 * The connection after `username` or `transport` was edited. The grant is kept whatever is edited, since nothing but a person can get it
 * back; but a server whose grant is another account's, or lacks the transport's scope, must not send by it: it is in `error`
 * (`account_mismatch`, `scope_missing`) until it is connected anew or the edit is taken back. An account that was renamed at Google sends on under
 * its former address for as long as that is an alias of it, else it is `account_renamed`. Taken back, it is what it was: the grant
 * was proven before, and `nextCheckAtMs` has it proven again at the next tick. A dead grant (`reconnect_required`) stays dead.
 */
export const judgeConnection = (server: Judged, nowMs: number): Connection => {
  const { connection } = server;
  if (connection.state === "not_connected" || connection.state === "reconnect_required") return connection;
  const reason = misfit(server);
  if (reason !== null) {
    const unchanged = connection.state === "error" && connection.reason === reason;
    return unchanged ? connection : { state: "error", grant: connection.grant, reason, sinceMs: nowMs };
  }
  const mended = connection.state === "error" && MISFITS.includes(connection.reason);
  return mended ? { state: "valid", grant: connection.grant } : connection;
};
