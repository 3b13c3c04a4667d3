/** Why a connection is as it is; the texts and advice for each stand in `problem-texts.ts`. */
export type ConnectionReason =
  | "disconnected_by_operator"
  // diagnosis of a dead grant
  | "testing_7d"
  | "idle_6m"
  | "token_cap"
  | "time_based"
  | "password_or_revoked"
  | "account_disabled"
  | "account_deleted"
  | "advanced_protection"
  | "session_policy"
  | "admin_policy"
  | "org_internal"
  | "clock"
  | "unclear"
  | "secret_missing"
  // the grant lives but does not serve
  | "account_mismatch"
  | "account_renamed"
  | "scope_missing"
  | "gmail_refused"
  | "client_changed"
  | "client_rejected";
