import { type ConnectionReason, isKnownState, REASONS } from "../connection-states.ts";
import { isOfLaterVersion } from "../record-version.ts";
import { isKnownTransport } from "../transport.ts";
import { type KnownMembers, unknownMembers } from "../unknown-members.ts";
import type { Connection, Grant, MailServer } from "./mail-server.ts";

export const isKnownReason = (reason: string): reason is ConnectionReason => Object.hasOwn(REASONS, reason);

/**
 * A later release's reason is tolerated if it is only a warning: an `expiring` server still sends, and the next check
 * reassesses it.
 */
const isKnownConnection = (connection: Connection): boolean => {
  if (!isKnownState(connection.state)) return false;
  if (connection.state === "valid" || connection.state === "expiring" || connection.reason === null) return true;
  return isKnownReason(connection.reason);
};

/**
 * Whether this release understands the server's state. If not, a later release wrote it: it is shown, but nothing is
 * sent through it, asked of Google for it, or changed.
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
 * Replaces the connection of a server, keeping only members that a later release has added to the old one.
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

/** Replaces a grant of the same account, keeping members that a later release has added to the old one. */
export const replaceGrant = (before: Grant | null, grant: Grant): Grant =>
  before?.sub === grant.sub ? { ...unknownMembers(before, GRANT_MEMBERS), ...grant } : grant;
