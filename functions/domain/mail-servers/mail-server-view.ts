import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { isoTime, isoTimeOrNull } from "../clock.ts";
import type { ConnectionReason } from "../connection-states.ts";
import type { Versioned } from "../records.ts";
import { type Limits, limitsOf } from "./limits.ts";
import { grantOf, isRenamed, isShared, type MailServer } from "./mail-server.ts";
import { isKnownReason } from "./understood.ts";

/** Explains a reason in the caller's language: what happened and what to do next. */
export type AdviceOn = (reason: ConnectionReason | "newer_version") => string;

const limitsView = (server: MailServer): Limits => {
  const { perMinute, perDay } = limitsOf(server);
  return { perMinute, perDay };
};

/** The part of the representation that callers write, to which a merge patch is applied. */
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
  limits: limitsView(server),
  sendAsUnchecked: server.sendAsUnchecked,
});

const expiryOf = ({ connection }: Pick<MailServer, "connection">): number | null =>
  connection.state === "expiring" ? connection.expiresAtMs : (grantOf({ connection })?.refreshTokenExpiresAtMs ?? null);

/** A valid connection has a reason only if the account's address no longer is the server's. */
const reasonOf = (server: MailServer): ConnectionReason | null => {
  const { connection } = server;
  // A later release's state may have no reason.
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

/** The API's representation without advice and etag. */
const untaggedView = ({ id, value }: Versioned<MailServer>) => ({
  id,
  ...editableView(value),
  connection: connectionView(value),
  createdAt: isoTime(value.createdAtMs),
  updatedAt: isoTime(value.updatedAtMs),
});

/**
 * A strong entity tag (RFC 9110 §8.8.3), unquoted: a hash of the representation without `advice`, so that it does not
 * depend on the language of the request.
 */
export const etagOf = (server: Versioned<MailServer>): string =>
  createHash("sha256")
    .update(canonicalize(untaggedView(server)) ?? "")
    .digest("base64url")
    .slice(0, 22);

/** A mail server as the API shows it. */
export const mailServerView = (server: Versioned<MailServer>, adviceOn: AdviceOn) => {
  const view = untaggedView(server);
  const { reason } = view.connection;
  const advice = reason === null ? null : adviceOn(isKnownReason(reason) ? reason : "newer_version");
  return { ...view, connection: { ...view.connection, advice }, etag: etagOf(server) };
};
