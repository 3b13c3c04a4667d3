/**
 * Which other state of a connection may follow which; any may be written again as it is. `connections/STATES.md` says when each move is made and by what; a
 * test holds the two together.
 */
export const NEXT_STATES = {
  not_connected: ["valid", "expiring"],
  valid: ["not_connected", "expiring", "error", "reconnect_required"],
  expiring: ["not_connected", "valid", "error", "reconnect_required"],
  error: ["not_connected", "valid", "expiring", "reconnect_required"],
  reconnect_required: ["not_connected", "valid", "expiring", "error"],
} as const;

export type ConnectionState = keyof typeof NEXT_STATES;

/** Foreseen by Relais, so that the same reason warns of the end and then explains it. */
const FORESEEN = ["expiring", "reconnect_required"] as const;

/** In which states a connection may have each reason; the texts and advice for each stand in `problem-texts.ts`. */
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
  // A valid connection is only shown with it: its record holds no reason.
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

/** Throws where the table lets no connection move so, or the state is one that this release does not know. */
export const checkMove = (from: ConnectionState, to: ConnectionState): void => {
  const known = isKnownState(from) && isKnownState(to);
  if (known && (from === to || NEXT_STATES[from].some((next: ConnectionState) => next === to))) return;
  throw new Error(`a connection that is ${from} must not become ${to}`);
};
