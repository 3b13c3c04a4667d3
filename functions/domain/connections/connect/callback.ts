import type { SessionId } from "../../access/records.ts";
import type { FormerId, NewSession } from "../../access/sessions.ts";
import type { Identity, TokenAnswer } from "../../google/tokens.ts";

/** The rows of the callback table (contract, section 4) that need no more than their name. */
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
  /** The address that the person chose at Google, and the mail server's. */
  | { readonly code: "account_mismatch"; readonly came: string; readonly expected: string }
  /** `expected`: the entry that this account comes near to; null if there is none that may be told. */
  | { readonly code: "not_admitted"; readonly came: string; readonly expected: string | null }
  | { readonly code: "google_unavailable"; readonly retryAfterS: number };

/** What the browser brought back from Google; a parameter that is absent, or there twice, is null. */
export interface Callback {
  readonly sessionId: SessionId | null;
  readonly state: string | null;
  readonly code: string | null;
  readonly error: string | null;
}

export type Confirmed =
  | { readonly kind: "connected"; readonly serverId: string }
  /** `session`: null if an earlier visit of the same callback signed the person in. */
  | { readonly kind: "signed_in"; readonly next: string; readonly session: NewSession | null };

/** `serverId`: the server it was about, where this browser may know of it. */
export type Failed = { readonly kind: "failed"; readonly problem: CallbackProblem; readonly serverId: string | null };

/** What a callback comes to before the state is settled. */
export type CallbackOutcome = Confirmed | { readonly kind: "refused"; readonly problem: CallbackProblem };

export const refused = (problem: CallbackProblem): Extract<CallbackOutcome, { readonly kind: "refused" }> => ({
  kind: "refused",
  problem,
});

/** The browser that came back: its present session id, and those that it held a short while ago. */
export interface ReturnedBrowser {
  readonly sessionId: SessionId;
  readonly formers: readonly FormerId[];
}

/** What an authorization came to before its server or person was looked at. */
export interface ProvenGrant {
  readonly tokens: TokenAnswer & { readonly scopes: readonly string[] };
  readonly identity: Identity;
  readonly clientId: string;
  readonly codeSha256: string;
  readonly browser: ReturnedBrowser;
}
