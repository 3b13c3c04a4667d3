import { sameMailbox } from "../address.ts";
import type { ReasonIn } from "../connection-states.ts";
import { traitsOf } from "../transport.ts";
import { type Connection, type Grant, grantOf, isRenamed, type MailServer } from "./mail-server.ts";
import { scopesSuffice } from "./scopes.ts";

type Assessed = Pick<MailServer, "username" | "transport" | "sendAsUnchecked" | "connection">;

/** Errors that end as soon as the server's settings match its grant again. */
const SETUP_ERRORS: readonly ReasonIn<"error">[] = ["account_mismatch", "account_renamed", "scope_missing"];

/** Whether Gmail still accepts the former address in From. If send-as addresses are unreadable, operators decide. */
const isStillAlias = ({ username, transport, sendAsUnchecked }: Assessed, { sendAs }: Grant): boolean =>
  sendAs === null
    ? traitsOf(transport).vouching && sendAsUnchecked
    : sendAs.addresses.some((address) => sameMailbox(address, username));

/** Why the account cannot send under the server's username, or null. */
export const findAddressError = (server: Assessed): "account_mismatch" | "account_renamed" | null => {
  const grant = grantOf(server);
  if (grant === null) return null;
  if (isRenamed(server)) return isStillAlias(server, grant) ? null : "account_renamed";
  return sameMailbox(grant.email, server.username) ? null : "account_mismatch";
};

const findSetupError = (server: Assessed): ReasonIn<"error"> | null => {
  const { connection, transport } = server;
  if (connection.state === "not_connected") return null;
  return findAddressError(server) ?? (scopesSuffice(transport, connection.grant.scopes) ? null : "scope_missing");
};

/**
 * The connection after an edit of `username` or `transport`. The grant is always kept, because only a person can renew
 * it. If it belongs to another account or lacks the transport's scope, the server is in `error` until it is reconnected
 * or the edit is undone, and then valid again: the grant was verified before, and the next tick verifies it once more.
 * An account that was renamed at Google may send under its former address while that is an alias.
 */
export const reassessConnection = (server: Assessed, nowMs: number): Connection => {
  const { connection } = server;
  if (connection.state === "not_connected" || connection.state === "reconnect_required") return connection;
  const reason = findSetupError(server);
  if (reason !== null) {
    const unchanged = connection.state === "error" && connection.reason === reason;
    return unchanged ? connection : { state: "error", grant: connection.grant, reason, sinceMs: nowMs };
  }
  const isFixed = connection.state === "error" && SETUP_ERRORS.includes(connection.reason);
  return isFixed ? { state: "valid", grant: connection.grant } : connection;
};

/**
 * Whether Google gave a token of another account, although the username is the grant's address. Changing
 * settings does not end this; only a token that proves the right account does.
 */
export const hasForeignToken = (server: Assessed): boolean => {
  const { connection } = server;
  const mismatched = connection.state === "error" && connection.reason === "account_mismatch";
  return mismatched && findAddressError(server) === null;
};

/** The connection after a change of the settings or of the account's address. */
export const reassessChange = (before: Assessed, after: Assessed, nowMs: number): Connection =>
  hasForeignToken(before) && findAddressError(after) === null ? after.connection : reassessConnection(after, nowMs);
