import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { isoTime, isoTimeOrNull } from "../clock.ts";
import type { ConnectionReason } from "../connection-states.ts";
import type { Versioned } from "../records.ts";
import { type Limits, limitsOf } from "./limits.ts";
import { grantOf, isRenamed, isShared, type MailServer } from "./mail-server.ts";
import { isKnownReason } from "./understood.ts";

/** The text of a reason in the caller's language: what happened and what to do next. */
export type AdviceOn = (reason: ConnectionReason | "newer_version") => string;

const limitsShown = (server: MailServer): Limits => {
  const { perMinute, perDay } = limitsOf(server);
  return { perMinute, perDay };
};

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
  shared: isShared(server),
  limits: limitsShown(server),
  sendAsUnchecked: server.sendAsUnchecked,
});

const expiryOf = ({ connection }: Pick<MailServer, "connection">): number | null =>
  connection.state === "expiring" ? connection.expiresAtMs : (grantOf({ connection })?.refreshTokenExpiresAtMs ?? null);

/** A valid connection has one reason to act on: the account has another address now than the server. */
const reasonOf = (server: MailServer): ConnectionReason | null => {
  const { connection } = server;
  // A state of a later release may have none.
  if (connection.state !== "valid") return "reason" in connection ? connection.reason : null;
  return isRenamed(server) ? "account_renamed" : null;
};

const connectionView = (server: MailServer) => {
  const grant = grantOf(server);
  return {
    state: server.connection.state,
    email: grant?.email ?? null,
    scopes: grant?.scopes ?? [],
    connectedAt: isoTimeOrNull(grant?.connectedAtMs ?? null),
    lastVerifiedAt: isoTimeOrNull(grant?.lastVerifiedAtMs ?? null),
    expiresAt: isoTimeOrNull(expiryOf(server)),
    reason: reasonOf(server),
  };
};

/** All that the API shows but advice and etag. */
const shownOf = ({ id, value }: Versioned<MailServer>) => ({
  id,
  ...editableView(value),
  connection: connectionView(value),
  createdAt: isoTime(value.createdAtMs),
  updatedAt: isoTime(value.updatedAtMs),
});

/**
 * A strong entity tag (RFC 9110 §8.8.3), unquoted: a hash of the representation but for `advice`, which is `reason` in the reader's words.
 * So it is the same in every language, and a form read in one can be saved by a request in the other.
 */
export const etagOf = (server: Versioned<MailServer>): string =>
  createHash("sha256")
    .update(canonicalize(shownOf(server)) ?? "")
    .digest("base64url")
    .slice(0, 22);

/** A mail server as the API shows it. */
export const mailServerView = (server: Versioned<MailServer>, adviceOn: AdviceOn) => {
  const shown = shownOf(server);
  const { reason } = shown.connection;
  const advice = reason === null ? null : adviceOn(isKnownReason(reason) ? reason : "newer_version");
  return { ...shown, connection: { ...shown.connection, advice }, etag: etagOf(server) };
};
