/** Every code that Relais logs. `runtime/log-events.ts` says what each means and what to do. */
export type LogCode =
  // --- requests and pushes ---
  | "request_failed"
  | "request_defect"
  | "dependency_unavailable"
  | "write_contended"
  | "push_malformed"
  | "push_refused"
  | "push_defect"
  | "announce_failed"
  | "event_lost"
  | "notice_not_told"
  | "notices_told"
  | "credential_refused"
  // --- connections ---
  | "connection_connected"
  | "connection_disconnected"
  | "connection_expiring"
  | "checks_not_hastened"
  | "cap_not_looked_at"
  | "connection_error"
  | "connection_reconnect_required"
  | "alert_accepted"
  | "alert_not_sent"
  | "authorization_failed"
  | "security_event"
  | "sessions_ended"
  | "security_event_refused"
  | "secret_left_to_sweep"
  | "secrets_swept"
  | "refresh_tokens_moving"
  | "refresh_token_not_moved"
  | "refresh_tokens_at_home"
  | "grant_discarded"
  | "grant_not_revoked"
  | "signed_in"
  | "identity_unproven"
  | "account_renamed"
  | "rename_not_noted"
  | "token_of_another_account"
  | "oauth_client_rejected"
  | "oauth_client_changed"
  | "check_awaits_client"
  | "google_unreachable"
  | "send_as_unread"
  | "checks_due"
  | "given_up_grants_asked"
  | "server_checked"
  | "grant_judged"
  // --- messages ---
  | "message_accepted"
  | "message_moved"
  | "messages_due"
  | "messages_dispatched"
  | "shards_added"
  | "messages_released"
  | "release_put_off"
  | "dispatch_not_published"
  | "message_publish_failed"
  | "batch_item_unavailable"
  | "topic_message_refused"
  | "dispatch_defect"
  | "dispatch_put_off"
  | "later_records_left"
  | "later_record_left"
  | "claim_contended"
  | "later_push_left"
  | "claim_lost"
  | "lease_lost"
  | "delivery_client_rejected"
  // --- documents of Trigger Email ---
  | "document_refused"
  | "document_users_missing"
  | "document_unwritable"
  | "documents_not_configured"
  | "document_elsewhere"
  | "document_event_malformed"
  | "document_event_defect"
  // --- the SMTP door (`relais-smtp`) ---
  | "door_open"
  | "door_closed"
  | "door_mail_accepted"
  | "door_mail_refused"
  | "door_mail_put_off"
  | "door_answer_slow"
  | "door_login_refused"
  | "door_login_unanswered"
  | "door_relais_unreachable"
  | "door_connections_full"
  | "door_connection_failed"
  | "door_defect"
  | "door_certificate_renewed"
  | "door_certificate_unusable"
  // --- `npm start` ---
  | "document_trigger_failed"
  | "tick_failed"
  | "queue_failed";

/**
 * The fields of a log line: ids, codes and numbers, never a token, a secret, a list of addresses or a body. None may be
 * called `message` or like another member that `jsonLogger` writes: it would be lost.
 */
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

export interface Log {
  info(code: LogCode, fields?: LogFields): void;
  warn(code: LogCode, fields?: LogFields): void;
  /** The messages of `error` and its causes are written, its properties are not. */
  error(code: LogCode, fields?: LogFields, error?: unknown): void;
}
