import { detailText } from "../domain/detail-texts.ts";
import { fromRefusalText } from "../domain/from-refusal-text.ts";
import type { Language } from "../domain/language.ts";
import type { FieldProblem, Problem, ProblemCode } from "../domain/problem.ts";
import { problemText } from "../domain/problem-texts.ts";
import type { Reply } from "./http.ts";

/** How a problem looks from outside. `retryable`: the same request may succeed later although nobody fixes anything. */
interface HttpProblem {
  readonly status: number;
  readonly retryable: boolean;
}

const permanent = (status: number): HttpProblem => ({ status, retryable: false });
const temporary = (status: number): HttpProblem => ({ status, retryable: true });

/** This record is exhaustive: a new code in `domain/problem.ts` does not compile until it is here. */
export const HTTP_PROBLEMS: Readonly<Record<ProblemCode, HttpProblem>> = {
  malformed_request: permanent(400),
  invalid_json: permanent(400),
  unsupported_media_type: permanent(415),
  request_too_large: permanent(413),
  headers_too_large: permanent(431),
  request_timeout: temporary(408),
  unauthenticated: permanent(401),
  forbidden: permanent(403),
  csrf: permanent(403),
  not_admitted: permanent(403),
  not_found: permanent(404),
  server_not_allowed: permanent(403),
  name_taken: permanent(409),
  stale: permanent(412),
  has_open_messages: permanent(409),
  newer_version: permanent(409),
  client_type_desktop: permanent(422),
  fixed_by_environment: permanent(409),
  gmail_credentials_missing: permanent(409),
  state_invalid: permanent(400),
  code_invalid: permanent(400),
  consent_denied: permanent(403),
  consent_refused: permanent(403),
  account_mismatch: permanent(409),
  scope_missing: permanent(409),
  refresh_token_missing: permanent(409),
  identity_unproven: permanent(502),
  client_rejected: permanent(502),
  security_event_invalid: permanent(400),
  grant_revoked: permanent(409),
  message_too_large: permanent(413),
  envelope_unsupported: permanent(422),
  from_not_allowed: permanent(422),
  server_unavailable: permanent(409),
  paused: permanent(409),
  idempotency_key_reused: permanent(422),
  wrong_status: permanent(409),
  body_erased: permanent(409),
  invalid_request: permanent(422),
  redirect_uri_missing: permanent(422),
  method_not_allowed: permanent(405),
  no_answer_in_time: temporary(504),
  google_unavailable: temporary(503),
  unavailable: temporary(503),
  contended: temporary(503),
  overloaded: temporary(503),
};

/** RFC 9457 §3, with members of our own, which API.md describes. */
export interface ProblemBody {
  /** Identifies the kind of problem; it is a name, not an address to fetch. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ProblemCode | "internal_error";
  readonly retryable: boolean;
  readonly requestId: string;
  readonly outcome?: "not_sent" | "unknown" | "sent";
  readonly fields?: readonly FieldProblem[];
  /** For `redirect_uri_missing`: the exact URI to add in Google's console. */
  readonly redirectUri?: string;
}

interface Context {
  readonly requestId: string;
  readonly language: Language;
}

const typeOf = (code: string): string => `urn:relais:problem:${code}`;

/** What only this occurrence can say (RFC 9457 §3.1.4), otherwise the general advice. */
const detailOf = (problem: Problem, { advice, language }: { advice: string; language: Language }): string => {
  if (problem.code === "from_not_allowed") return fromRefusalText(problem, language);
  if ("redirectUri" in problem) return `${advice} ${problem.redirectUri}`;
  const said = "detail" in problem ? problem.detail : undefined;
  return said === undefined ? advice : detailText(said, language);
};

/** More would not help a caller, and an answer must not grow with what was sent. */
const MAX_FIELDS = 50;
const MAX_PATH_CHARACTERS = 200;
const MAX_MESSAGE_CHARACTERS = 500;
const MAX_DETAIL_CHARACTERS = 1_000;

/** A cut may split a pair of surrogates, and a name in the request may hold half of one: readers refuse such text. */
const truncate = (text: string, max: number): string =>
  (text.length <= max ? text : `${text.slice(0, max - 1)}…`).toWellFormed();

const truncateFields = (fields: readonly FieldProblem[]): readonly FieldProblem[] =>
  fields.slice(0, MAX_FIELDS).map((field) => ({
    ...field,
    path: truncate(field.path, MAX_PATH_CHARACTERS),
    message: truncate(field.message, MAX_MESSAGE_CHARACTERS),
  }));

/** A problem as the body of an answer. */
export const problemBody = (
  problem: Problem,
  context: Context,
  outcome?: Extract<Reply, { kind: "problem" }>["outcome"],
): ProblemBody => {
  const text = problemText(problem.code, context.language);
  return {
    type: typeOf(problem.code),
    title: text.title,
    status: HTTP_PROBLEMS[problem.code].status,
    detail: truncate(detailOf(problem, { advice: text.advice, language: context.language }), MAX_DETAIL_CHARACTERS),
    code: problem.code,
    retryable: HTTP_PROBLEMS[problem.code].retryable,
    ...(outcome ? { outcome } : {}),
    ...("fields" in problem ? { fields: truncateFields(problem.fields) } : {}),
    ...("redirectUri" in problem ? { redirectUri: problem.redirectUri } : {}),
    requestId: context.requestId,
  };
};

/** A defect as the body of an answer: no details, only the id that finds them in the log. */
export const defectBody = (context: Context): ProblemBody => {
  const text = problemText("internal_error", context.language);
  return {
    type: typeOf("internal_error"),
    title: text.title,
    status: 500,
    detail: text.advice,
    code: "internal_error",
    retryable: true,
    requestId: context.requestId,
  };
};

/** Headers that a problem requires. */
export const problemHeaders = (problem: Problem): Readonly<Record<string, string>> => ({
  ...("retryAfterS" in problem ? { "Retry-After": String(Math.max(1, Math.ceil(problem.retryAfterS))) } : {}),
  ...("allow" in problem ? { Allow: problem.allow.join(", ") } : {}),
  // RFC 9110 §15.5.9: the rest of the body is not read.
  ...(problem.code === "request_timeout" ? { Connection: "close" } : {}),
  // RFC 9110 §15.5.2: a 401 names at least one scheme.
  ...(problem.code === "unauthenticated" ? { "WWW-Authenticate": "Bearer" } : {}),
});
