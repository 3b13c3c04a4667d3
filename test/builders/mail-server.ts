import type { Principal } from "../../functions/domain/access/records.ts";
import type { Connection, Grant, MailServer } from "../../functions/domain/mail-servers/mail-server.ts";

export const FULL_MAIL = "https://mail.google.com/";
export const SEND_ONLY = "https://www.googleapis.com/auth/gmail.send";

export const OPERATOR: Principal = { kind: "operator", email: "olga@example.com" };
export const memberOf = (email: string): Principal => ({ kind: "member", email });

/** A grant as Google gave it to `ada@example.com` a day ago. */
export const grant = (changes: Partial<Grant> = {}): Grant => ({
  secretVersion: "1",
  generation: 1,
  sub: "100000000000000000001",
  email: "ada@example.com",
  clientId: "client-1",
  accountKind: "workspace",
  scopes: ["openid", "email", FULL_MAIL],
  connectedAtMs: Date.parse("2026-11-21T09:00:00Z"),
  lastVerifiedAtMs: Date.parse("2026-11-21T09:00:00Z"),
  refreshTokenExpiresAtMs: null,
  sendAs: null,
  ...changes,
});

export const validConnection = (changes: Partial<Grant> = {}): Connection => ({
  state: "valid",
  grant: grant(changes),
});

/** A mail server of `ada@example.com`, not connected by default. */
export const mailServer = (changes: Partial<MailServer> = {}): MailServer => {
  const connection = changes.connection ?? { state: "not_connected", reason: null };
  return {
    name: "Facturation",
    description: "",
    username: "ada@example.com",
    transport: "smtp",
    fromFilter: [],
    priority: 10,
    active: true,
    limits: null,
    sendAsUnchecked: false,
    accountSub: connection.state === "not_connected" ? null : connection.grant.sub,
    nextCheckAtMs: null,
    createdAtMs: Date.parse("2026-11-20T09:00:00Z"),
    updatedAtMs: Date.parse("2026-11-20T09:00:00Z"),
    ...changes,
    connection,
  };
};
