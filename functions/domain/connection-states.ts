/**
 * The states that each state of a connection may move to, besides itself. `connections/STATES.md` says what makes each
 * move and when; a test compares the two.
 */
export const NEXT_STATES = {
  not_connected: ["valid", "expiring"],
  valid: ["not_connected", "expiring", "error", "reconnect_required"],
  expiring: ["not_connected", "valid", "error", "reconnect_required"],
  error: ["not_connected", "valid", "expiring", "reconnect_required"],
  reconnect_required: ["not_connected", "valid", "expiring", "error"],
} as const;

export type ConnectionState = keyof typeof NEXT_STATES;

/** Relais can foresee these ends, so the same reason first warns of the end and later explains it. */
const FORESEEN = ["expiring", "reconnect_required"] as const;

/** The states in which a connection may have each reason. `problem-texts.ts` has the text and advice for each. */
export const REASONS = {
  disconnected_by_operator: ["not_connected"],
  testing_7d: FORESEEN,
  idle_6m: FORESEEN,
  token_cap: FORESEEN,
  time_based: FORESEEN,
  session_policy: FORESEEN,
  password_or_revoked: ["reconnect_required"],
  account_disabled: ["reconnect_required"],
  account_deleted: ["reconnect_required"],
  advanced_protection: ["reconnect_required"],
  admin_policy: ["reconnect_required"],
  org_internal: ["reconnect_required"],
  clock: ["reconnect_required"],
  unclear: ["reconnect_required"],
  secret_missing: ["reconnect_required"],
  account_mismatch: ["error"],
  // A valid connection is only displayed with this reason: its record stores none.
  account_renamed: ["valid", "error"],
  scope_missing: ["error"],
  gmail_refused: ["error"],
  client_changed: ["error"],
  client_rejected: ["error"],
} as const satisfies Readonly<Record<string, readonly ConnectionState[]>>;

export type ConnectionReason = keyof typeof REASONS;

/** The reasons that a connection in state `S` may have. */
export type ReasonIn<S extends ConnectionState> = {
  [R in ConnectionReason]: S extends (typeof REASONS)[R][number] ? R : never;
}[ConnectionReason];

export const isKnownState = (text: string): text is ConnectionState => Object.hasOwn(NEXT_STATES, text);

export const CONNECTION_STATES: readonly ConnectionState[] = Object.keys(NEXT_STATES).filter(isKnownState);

/** Throws if the table does not allow the move, or if this release does not know one of the states. */
export const checkMove = (from: ConnectionState, to: ConnectionState): void => {
  const known = isKnownState(from) && isKnownState(to);
  if (known && (from === to || NEXT_STATES[from].some((next: ConnectionState) => next === to))) return;
  throw new Error(`a connection that is ${from} must not become ${to}`);
};
