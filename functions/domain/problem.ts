import type { Detail } from "./detail-texts.ts";
import type { FieldCode } from "./field-texts.ts";
import type { TextParams } from "./text-template.ts";

/**
 * Every failure that Relais expects, in one union. Domain functions return these as values; adapters translate vendor
 * errors into them; the HTTP and event edges translate them outward, each through one exhaustive table.
 * The texts a person reads (French and English) stand in `problem-texts.ts`, the HTTP status in `runtime/problem-json.ts`.
 */

/**
 * One invalid place in a request; `path` is a JSON Pointer (RFC 6901) into the body, or `/name` for a query parameter. `message` is the English
 * text of `code` (`field-texts.ts`). Made by `fieldProblem`.
 */
export interface FieldProblem {
  readonly path: string;
  readonly code: FieldCode;
  readonly params?: TextParams;
  readonly message: string;
}

/** Failures that need no more than their name. Grouped by what the caller can do about them. */
export type PlainProblemCode =
  // the request is refused as it stands
  | "malformed_request"
  | "invalid_json"
  | "unsupported_media_type"
  | "request_too_large"
  | "request_timeout"
  | "unauthenticated"
  | "forbidden"
  | "csrf"
  | "not_admitted"
  | "not_found"
  | "server_not_allowed"
  | "name_taken"
  | "stale"
  | "has_open_messages"
  | "newer_version"
  | "client_type_desktop"
  | "fixed_by_environment"
  // nobody knows what became of the request
  | "no_answer_in_time"
  // connecting an account (contract, section 4)
  | "gmail_credentials_missing"
  | "state_invalid"
  | "code_invalid"
  | "consent_denied"
  | "consent_refused"
  | "account_mismatch"
  | "scope_missing"
  | "refresh_token_missing"
  | "identity_unproven"
  | "client_rejected"
  // what Google pushes to us
  | "security_event_invalid"
  // a grant that no longer works
  | "grant_revoked"
  // messages (contract, section 5)
  | "message_too_large"
  | "server_unavailable"
  | "paused"
  | "idempotency_key_reused"
  | "wrong_status"
  | "body_erased";

/** Failures that pass by themselves; `retryAfterS` (seconds) becomes `Retry-After`. */
export type TransientProblemCode = "google_unavailable" | "unavailable" | "contended" | "overloaded";

export type Problem =
  | { readonly code: PlainProblemCode; readonly detail?: Detail }
  | { readonly code: "invalid_request"; readonly fields: readonly FieldProblem[] }
  /** `fields`: the places that this caller may not write, where the rest of the request is theirs to make. */
  | { readonly code: "forbidden"; readonly fields: readonly FieldProblem[] }
  | { readonly code: "redirect_uri_missing"; readonly redirectUri: string }
  | {
      readonly code: "from_not_allowed";
      /** The From that was asked for. */
      readonly from: string;
      readonly because: "no_server" | "not_shared" | "not_in_filter" | "not_confirmed";
      /** Addresses and `@domain`s that may be used instead. */
      readonly allowed: readonly string[];
    }
  | { readonly code: "method_not_allowed"; readonly allow: readonly string[] }
  | { readonly code: TransientProblemCode; readonly retryAfterS: number; readonly detail?: Detail };

export type ProblemCode = Problem["code"];

/** A request with one or more invalid places. */
export const invalidRequest = (...fields: FieldProblem[]): Problem => ({ code: "invalid_request", fields });

/**
 * Thrown by an adapter when what stands behind it (store, vault, queue) cannot be reached or read: the one failure that
 * no caller can decide about. Carries the act (`"read refresh token"`) and the vendor's error as `cause`; never a value.
 */
export class Unavailable extends Error {
  override readonly name: string = "Unavailable";

  constructor(act: string, options: { readonly cause: unknown }) {
    super(`could not ${act}`, options);
  }
}

/**
 * Others kept writing to a record until the last attempt (`changeOnCondition`). Nothing is broken: an HTTP caller is
 * answered `contended` and may come back at once, an event is delivered again.
 */
export class Contended extends Unavailable {
  override readonly name = "Contended";

  readonly act: string;

  constructor(act: string) {
    super(act, { cause: undefined });
    this.act = act;
  }
}

/** How soon a caller may come back after `contended`. */
export const CONTENDED = { code: "contended", retryAfterS: 1 } as const satisfies Problem;
