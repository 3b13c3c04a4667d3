/** The audited actions of people and programs, by the kind of thing that they change. */
export const AUDIT_ACTIONS = [
  ...(["mail_server.create", "mail_server.update", "mail_server.delete"] as const),
  ...(["connection.connect", "connection.disconnect"] as const),
  ...(["settings.update", "settings.gmail_credentials"] as const),
  ...(["key.create", "key.revoke"] as const),
  ...(["message.cancel", "message.retry", "message.reschedule", "message.resolve"] as const),
  ...(["message.resend", "message.read"] as const),
  ...(["session.sign_in", "session.sign_out", "session.setup_token", "session.end"] as const),
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];
