import { type ConnectionReason, isKnownState, REASONS } from "../connection-states.ts";
import { isOfLaterVersion } from "../record-version.ts";
import { isKnownTransport } from "../transport.ts";
import { type KnownMembers, unknownMembers } from "../unknown-members.ts";
import type { Connection, Grant, MailServer } from "./mail-server.ts";

export const isKnownReason = (reason: string): reason is ConnectionReason => Object.hasOwn(REASONS, reason);

/**
 * A reason decides what a server may do, but for a warning: one that is `expiring` for a reason of a later release
 * still sends, and the next check judges it anew.
 */
const isKnownConnection = (connection: Connection): boolean => {
  if (!isKnownState(connection.state)) return false;
  if (connection.state === "valid" || connection.state === "expiring" || connection.reason === null) return true;
  return isKnownReason(connection.reason);
};

/**
 * Does this release know what state the server is in? If not, a later release wrote it: it is shown, and left alone.
 * Nothing is sent from it, asked of Google for it or changed in it.
 */
export const isUnderstoodServer = (server: MailServer): boolean =>
  !isOfLaterVersion("mailServers", server) &&
  isKnownTransport(server.transport) &&
  isKnownConnection(server.connection);

const CONNECTION_MEMBERS: KnownMembers<Connection> = {
  state: true,
  reason: true,
  grant: true,
  expiresAtMs: true,
  warning: true,
  sinceMs: true,
  endedBy: true,
  beyondProbe: true,
};

/**
 * The server with its connection in another state: what belonged to the old one is gone, what a later release wrote
 * into it is kept.
 */
export const withConnection = (server: MailServer, connection: Connection): MailServer =>
  connection === server.connection
    ? server
    : { ...server, connection: { ...unknownMembers(server.connection, CONNECTION_MEMBERS), ...connection } };

const GRANT_MEMBERS: KnownMembers<Grant> = {
  secretVersion: true,
  tokenMarks: true,
  generation: true,
  sub: true,
  email: true,
  formerEmails: true,
  clientId: true,
  accountKind: true,
  scopes: true,
  connectedAtMs: true,
  lastVerifiedAtMs: true,
  refreshTokenExpiresAtMs: true,
  sessionLivesMs: true,
  sendAs: true,
};

/** A new grant in place of an earlier one of the same account, with what a later release wrote into that. */
export const succeeding = (before: Grant | null, grant: Grant): Grant =>
  before?.sub === grant.sub ? { ...unknownMembers(before, GRANT_MEMBERS), ...grant } : grant;
