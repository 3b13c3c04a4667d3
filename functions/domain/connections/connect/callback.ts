import type { SessionId } from "../../access/records.ts";
import type { FormerId, NewSession } from "../../access/sessions.ts";
import type { Identity, TokenAnswer } from "../../google/tokens.ts";

/** These problems of a callback carry no details. */
type PlainCallbackProblem =
  | "state_invalid"
  | "code_invalid"
  | "consent_denied"
  | "consent_refused"
  | "scope_missing"
  | "refresh_token_missing"
  | "identity_unproven"
  | "client_rejected"
  | "newer_version";

export type CallbackProblem =
  | { readonly code: PlainCallbackProblem }
  /** `came` is the address that the user chose at Google, `expected` that of the mail server. */
  | { readonly code: "account_mismatch"; readonly came: string; readonly expected: string }
  /** `expected` is the admission entry closest to this account; it is null if there is none we may reveal. */
  | { readonly code: "not_admitted"; readonly came: string; readonly expected: string | null }
  | { readonly code: "google_unavailable"; readonly retryAfterS: number };

/** The parameters that Google's redirect carries; one that is missing or repeated is null. */
export interface Callback {
  readonly sessionId: SessionId | null;
  readonly state: string | null;
  readonly code: string | null;
  readonly error: string | null;
}

export type Confirmed =
  | { readonly kind: "connected"; readonly serverId: string }
  /** `session` is null if an earlier visit of the same callback signed the user in. */
  | { readonly kind: "signed_in"; readonly next: string; readonly session: NewSession | null };

/** `serverId` is null if no server was involved or this browser may not know which. */
export type Failed = { readonly kind: "failed"; readonly problem: CallbackProblem; readonly serverId: string | null };

/** What a callback comes to before the state is settled. */
export type CallbackOutcome = Confirmed | { readonly kind: "refused"; readonly problem: CallbackProblem };

export const refused = (problem: CallbackProblem): Extract<CallbackOutcome, { readonly kind: "refused" }> => ({
  kind: "refused",
  problem,
});

/** The browser's current session id, and those it held a short while ago. */
export interface ReturnedBrowser {
  readonly sessionId: SessionId;
  readonly formers: readonly FormerId[];
}

/** What Google has proven, before we check it against the server or the admitted users. */
export interface ProvenGrant {
  readonly tokens: TokenAnswer & { readonly scopes: readonly string[] };
  readonly identity: Identity;
  readonly clientId: string;
  readonly codeSha256: string;
  readonly browser: ReturnedBrowser;
}
