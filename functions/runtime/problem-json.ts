import { detailText } from "../domain/detail-texts.ts";
import { fromRefusalText } from "../domain/from-refusal-text.ts";
import type { Language } from "../domain/language.ts";
import type { FieldProblem, Problem, ProblemCode } from "../domain/problem.ts";
import { problemText } from "../domain/problem-texts.ts";
import type { Reply } from "./http.ts";

/** How each failure looks from outside. `retryable`: the same request may succeed later without anybody mending anything. */
interface Facing {
  readonly status: number;
  readonly retryable: boolean;
}

const refused = (status: number): Facing => ({ status, retryable: false });
const passing = (status: number): Facing => ({ status, retryable: true });

/** Exhaustive: a new code of `domain/problem.ts` does not compile until it stands here. */
export const FACINGS: Readonly<Record<ProblemCode, Facing>> = {
  malformed_request: refused(400),
  invalid_json: refused(400),
  unsupported_media_type: refused(415),
  request_too_large: refused(413),
  request_timeout: passing(408),
  unauthenticated: refused(401),
  forbidden: refused(403),
  csrf: refused(403),
  not_admitted: refused(403),
  not_found: refused(404),
  server_not_allowed: refused(403),
  name_taken: refused(409),
  stale: refused(412),
  has_open_messages: refused(409),
  newer_version: refused(409),
  client_type_desktop: refused(422),
  fixed_by_environment: refused(409),
  gmail_credentials_missing: refused(409),
  state_invalid: refused(400),
  code_invalid: refused(400),
  consent_denied: refused(403),
  consent_refused: refused(403),
  account_mismatch: refused(409),
  scope_missing: refused(409),
  refresh_token_missing: refused(409),
  identity_unproven: refused(502),
  client_rejected: refused(502),
  security_event_invalid: refused(400),
  grant_revoked: refused(409),
  message_too_large: refused(413),
  from_not_allowed: refused(422),
  server_unavailable: refused(409),
  paused: refused(409),
  idempotency_key_reused: refused(422),
  wrong_status: refused(409),
  body_erased: refused(409),
  invalid_request: refused(422),
  redirect_uri_missing: refused(422),
  method_not_allowed: refused(405),
  no_answer_in_time: passing(504),
  google_unavailable: passing(503),
  unavailable: passing(503),
  contended: passing(503),
  overloaded: passing(503),
};

/** RFC 9457 §3, with the members of the contract's section 5. */
export interface ProblemBody {
  /** Identifies the kind of problem; a name, not an address to fetch. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly retryable: boolean;
  readonly requestId: string;
  readonly outcome?: "not_sent" | "unknown" | "sent";
  readonly fields?: readonly FieldProblem[];
  /** Of `redirect_uri_missing`: the exact URI to add in Google's console. */
  readonly redirectUri?: string;
}

interface Context {
  readonly requestId: string;
  readonly language: Language;
}

const typeOf = (code: string): string => `urn:relais:problem:${code}`;

/** What only this occurrence can say (RFC 9457 §3.1.4), else the catalogue's advice. */
const detailOf = (problem: Problem, { advice, language }: { advice: string; language: Language }): string => {
  if (problem.code === "from_not_allowed") return fromRefusalText(problem, language);
  if ("redirectUri" in problem) return `${advice} ${problem.redirectUri}`;
  const said = "detail" in problem ? problem.detail : undefined;
  return said === undefined ? advice : detailText(said, language);
};

/** A caller learns nothing from more than this, and an answer must not grow with what was sent. */
const MOST_FIELDS = 50;
const LONGEST_PATH = 200;
const LONGEST_MESSAGE = 500;
const LONGEST_DETAIL = 1_000;

const cut = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most - 1)}…`);

const shortFields = (fields: readonly FieldProblem[]): readonly FieldProblem[] =>
  fields
    .slice(0, MOST_FIELDS)
    .map((field) => ({ ...field, path: cut(field.path, LONGEST_PATH), message: cut(field.message, LONGEST_MESSAGE) }));

/** A problem as the answer of a request. */
export const problemBody = (
  problem: Problem,
  context: Context,
  outcome?: Extract<Reply, { kind: "problem" }>["outcome"],
): ProblemBody => {
  const text = problemText(problem.code, context.language);
  return {
    type: typeOf(problem.code),
    title: text.title,
    status: FACINGS[problem.code].status,
    detail: cut(detailOf(problem, { advice: text.advice, language: context.language }), LONGEST_DETAIL),
    code: problem.code,
    retryable: FACINGS[problem.code].retryable,
    ...(outcome ? { outcome } : {}),
    ...("fields" in problem ? { fields: shortFields(problem.fields) } : {}),
    ...("redirectUri" in problem ? { redirectUri: problem.redirectUri } : {}),
    requestId: context.requestId,
  };
};

/** What a defect looks like from outside: nothing of its inside, only the id under which the log has it. */
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

/** Headers that a problem itself asks for. */
export const problemHeaders = (problem: Problem): Readonly<Record<string, string>> => ({
  ...("retryAfterS" in problem ? { "Retry-After": String(Math.max(1, Math.ceil(problem.retryAfterS))) } : {}),
  ...("allow" in problem ? { Allow: problem.allow.join(", ") } : {}),
  // RFC 9110 §15.5.9: what still comes of the body is not waited for.
  ...(problem.code === "request_timeout" ? { Connection: "close" } : {}),
  // RFC 9110 §15.5.2: a 401 names at least one scheme.
  ...(problem.code === "unauthenticated" ? { "WWW-Authenticate": "Bearer" } : {}),
});
