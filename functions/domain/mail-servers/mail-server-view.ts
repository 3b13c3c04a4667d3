import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { isoTime, isoTimeOrNull } from "../clock.ts";
import type { Versioned } from "../records.ts";
import { limitsOf } from "./limits.ts";
import { type Connection, type ConnectionReason, grantOf, type MailServer } from "./mail-server.ts";

/** The text of a reason in the caller's language: what happened and what to do next. */
export type AdviceOn = (reason: ConnectionReason) => string;

/** The part of the representation that callers write: what a merge patch is applied to. */
export const editableView = (server: MailServer) => ({
  name: server.name,
  description: server.description,
  username: server.username,
  authentication: "gmail_oauth" as const,
  transport: server.transport,
  fromFilter: server.fromFilter,
  priority: server.priority,
  active: server.active,
  limits: limitsOf(server),
  sendAsUnchecked: server.sendAsUnchecked,
});

const expiryOf = (connection: Connection): number | null => {
  if (connection.state === "not_connected") return null;
  return connection.state === "expiring" ? connection.expiresAtMs : connection.grant.refreshTokenExpiresAtMs;
};

const connectionView = (server: MailServer) => {
  const grant = grantOf(server);
  return {
    state: server.connection.state,
    email: grant?.email ?? null,
    scopes: grant?.scopes ?? [],
    connectedAt: isoTimeOrNull(grant?.connectedAtMs ?? null),
    lastVerifiedAt: isoTimeOrNull(grant?.lastVerifiedAtMs ?? null),
    expiresAt: isoTimeOrNull(expiryOf(server.connection)),
    reason: server.connection.state === "valid" ? null : server.connection.reason,
  };
};

/**
 * A mail server as the API shows it. `etag` (strong, RFC 9110 §8.8.3) is a hash of all the rest but `advice`, which is `reason` put into
 * the reader's words: so it is the same in every language, and one language's form can be saved after reading in the other.
 */
export const mailServerView = ({ id, value }: Versioned<MailServer>, adviceOn: AdviceOn) => {
  const connection = connectionView(value);
  const shown = {
    id,
    ...editableView(value),
    connection,
    createdAt: isoTime(value.createdAtMs),
    updatedAt: isoTime(value.updatedAtMs),
  };
  const etag = createHash("sha256")
    .update(canonicalize(shown) ?? "")
    .digest("base64url")
    .slice(0, 22);
  const advice = connection.reason === null ? null : adviceOn(connection.reason);
  return { ...shown, connection: { ...connection, advice }, etag };
};
export type MailServerView = ReturnType<typeof mailServerView>;
