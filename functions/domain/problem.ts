import type { Detail } from "./detail-texts.ts";
import type { FieldCode } from "./field-texts.ts";
import type { TextParams } from "./text-template.ts";

/**
 * Every failure that Relais expects. Domain functions return these as values, adapters translate vendor errors into
 * them, and the HTTP and event edges translate them outward. `problem-texts.ts` has their texts in every language,
 * `runtime/problem-json.ts` their HTTP statuses.
 */

/**
 * One invalid place in a request, made by `fieldProblem`. `path` is a JSON Pointer (RFC 6901) into the body, or `/name`
 * for a query parameter; `message` is the English text of `code` (`field-texts.ts`).
 */
export interface FieldProblem {
  readonly path: string;
  readonly code: FieldCode;
  readonly params?: TextParams;
  readonly message: string;
}

/** Failures that need no parameters, grouped by what the caller can do about them. */
export type PlainProblemCode =
  // the request is refused as it stands
  | "malformed_request"
  | "invalid_json"
  | "unsupported_media_type"
  | "request_too_large"
  | "headers_too_large"
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
  // the outcome of the request is not known
  | "no_answer_in_time"
  // connecting an account
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
  // messages
  | "message_too_large"
  | "envelope_unsupported"
  | "server_unavailable"
  | "paused"
  | "idempotency_key_reused"
  | "wrong_status"
  | "body_erased";

/** Temporary failures; `retryAfterS` (seconds) becomes `Retry-After`. */
export type TransientProblemCode = "google_unavailable" | "unavailable" | "contended" | "overloaded";

export type Problem =
  | { readonly code: PlainProblemCode; readonly detail?: Detail }
  | { readonly code: "invalid_request"; readonly fields: readonly FieldProblem[] }
  /** `fields` lists the places that this caller may not write; the rest of the request is allowed. */
  | { readonly code: "forbidden"; readonly fields: readonly FieldProblem[] }
  | { readonly code: "redirect_uri_missing"; readonly redirectUri: string }
  | {
      readonly code: "from_not_allowed";
      /** The From address in the request. */
      readonly from: string;
      readonly because: "no_server" | "not_shared" | "not_in_filter" | "not_confirmed";
      /** Addresses and `@domain`s that may be used instead. */
      readonly allowed: readonly string[];
    }
  | { readonly code: "method_not_allowed"; readonly allow: readonly string[] }
  | { readonly code: TransientProblemCode; readonly retryAfterS: number; readonly detail?: Detail };

export type ProblemCode = Problem["code"];

export const invalidRequest = (...fields: FieldProblem[]): Problem => ({ code: "invalid_request", fields });

/**
 * Thrown by an adapter when its service (store, vault, queue) cannot be reached or read, which no caller can handle.
 * It carries the act (`"read refresh token"`) and the vendor's error as `cause`, never a value.
 */
export class Unavailable extends Error {
  override readonly name: string = "Unavailable";

  constructor(act: string, options: { readonly cause: unknown }) {
    super(`could not ${act}`, options);
  }
}

/**
 * Thrown by `changeOnCondition` when other writers win every attempt. Nothing is broken: an HTTP caller is answered
 * `contended` and can retry soon, and an event is delivered again.
 */
export class Contended extends Unavailable {
  override readonly name = "Contended";

  readonly act: string;

  constructor(act: string) {
    super(act, { cause: undefined });
    this.act = act;
  }
}

/** Tells an HTTP caller to retry after a second. */
export const CONTENDED = { code: "contended", retryAfterS: 1 } as const satisfies Problem;
