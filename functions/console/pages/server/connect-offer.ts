import type { ConnectionReason } from "../../../domain/connection-states.ts";
import type { MailServer } from "../../api/types.ts";

/** Whether a new consent mends the connection, if only as the last step. Elsewhere it costs time and cures nothing. */
const CURED_BY_CONSENT: Readonly<Record<ConnectionReason, boolean>> = {
  disconnected_by_operator: true,
  testing_7d: true,
  idle_6m: true,
  token_cap: true,
  time_based: true,
  session_policy: true,
  password_or_revoked: true,
  account_disabled: true,
  account_deleted: false,
  advanced_protection: false,
  admin_policy: true,
  org_internal: true,
  clock: false,
  unclear: true,
  secret_missing: true,
  account_mismatch: true,
  account_renamed: false,
  scope_missing: true,
  gmail_refused: true,
  client_changed: true,
  client_rejected: false,
};

const isKnown = (reason: string): reason is ConnectionReason => Object.hasOwn(CURED_BY_CONSENT, reason);

type Connection = Pick<MailServer["connection"], "state" | "reason">;

/** Also without a reason, or for one that only a later release knows. */
const consentCures = ({ reason }: Pick<Connection, "reason">): boolean =>
  reason === null || !isKnown(reason) || CURED_BY_CONSENT[reason];

/** The label of a link to connect, for a first connection or a repair; null if a consent is not needed or no help. */
export const connectOffer = (connection: Connection): "connect.first" | "connect.again" | null => {
  if (connection.state === "not_connected") return "connect.first";
  return connection.state === "valid" || !consentCures(connection) ? null : "connect.again";
};
