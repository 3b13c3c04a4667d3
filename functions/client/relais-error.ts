import type { InvalidField, ProblemCode } from "./api-types.ts";

/** Whether the message was accepted. `unknown`: repeat with the same idempotency key to find out. */
export type Outcome = "not_sent" | "unknown" | "sent";

/** An RFC 9457 problem as the API answers it. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ProblemCode | (string & Record<never, never>);
  readonly retryable: boolean;
  readonly outcome?: Outcome;
  readonly fields?: readonly InvalidField[];
  readonly upstream?: unknown;
  readonly requestId: string;
}

/** How a call went that failed. */
export interface CallFacts {
  /** How many requests were made. */
  readonly attempts: number;
  /** The key of the message; repeating the call with it never sends a second mail. */
  readonly idempotencyKey?: string;
  /** How long Relais asks to wait before the next request. */
  readonly retryAfterMs?: number;
  /** Whether an earlier request of the call may have been carried out, so that a refusal says nothing about it. */
  readonly inDoubt?: boolean;
}

/**
 * What the calls of this package reject with, besides the reason of a signal that the caller aborted, and a TypeError
 * if an argument cannot be sent.
 */
export abstract class RelaisError extends Error {
  abstract readonly code: string;
  /** Whether the same call may succeed later although nobody fixes anything. */
  abstract readonly retryable: boolean;
  abstract readonly outcome: Outcome | undefined;
  readonly attempts: number;
  readonly idempotencyKey: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, facts: CallFacts, options?: ErrorOptions) {
    super(message, options);
    this.attempts = facts.attempts;
    this.idempotencyKey = facts.idempotencyKey;
    this.retryAfterMs = facts.retryAfterMs;
  }
}

const outcomeOf = (outcome: Outcome | undefined, { inDoubt }: CallFacts): Outcome | undefined =>
  inDoubt === true && outcome !== "sent" ? "unknown" : outcome;

const explain = ({ code, title, detail, fields = [], requestId }: ProblemBody): string => {
  const places = fields.map(({ path, message }) => `${path}: ${message}`).join("; ");
  const said = [title, detail].filter(Boolean).join(": ");
  return `${code}: ${said}${places === "" ? "" : ` (${places})`} [request ${requestId}]`;
};

/** Relais refused the call (RFC 9457). Decide by `code`; `detail` says what to do, in English. */
export class RelaisProblem extends RelaisError {
  override readonly name = "RelaisProblem";
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ProblemBody["code"];
  readonly retryable: boolean;
  readonly outcome: Outcome | undefined;
  readonly fields: readonly InvalidField[];
  /** What Google said, if the problem is Google's. */
  readonly upstream: unknown;
  readonly requestId: string;

  constructor(body: ProblemBody, facts: CallFacts) {
    super(explain(body), facts);
    this.type = body.type;
    this.title = body.title;
    this.status = body.status;
    this.detail = body.detail;
    this.code = body.code;
    this.retryable = body.retryable;
    this.outcome = outcomeOf(body.outcome, facts);
    this.fields = body.fields ?? [];
    this.upstream = body.upstream;
    this.requestId = body.requestId;
  }
}

/**
 * `unreachable`: no answer came. `timeout`: none came in time. `not_relais`: what answered is not Relais.
 * `headers_too_large`: the server refuses the request for the size of its headers, before Relais sees it.
 */
export type ConnectionErrorCode = "unreachable" | "timeout" | "not_relais" | "headers_too_large";

/** No answer of Relais came, or none that is whole, so nobody knows whether it did what was asked. */
export class RelaisConnectionError extends RelaisError {
  override readonly name = "RelaisConnectionError";
  readonly code: ConnectionErrorCode;
  readonly retryable: boolean;
  readonly outcome: Outcome | undefined;
  /** The HTTP status, if there was an answer. */
  readonly status: number | undefined;

  constructor(
    message: string,
    failure: {
      readonly code: ConnectionErrorCode;
      readonly retryable: boolean;
      readonly outcome?: Outcome;
      readonly status?: number;
      readonly cause?: unknown;
    },
    facts: CallFacts,
  ) {
    super(message, facts, failure.cause === undefined ? undefined : { cause: failure.cause });
    this.code = failure.code;
    this.retryable = failure.retryable;
    this.outcome = outcomeOf(failure.outcome, facts);
    this.status = failure.status;
  }
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether a body is a problem of Relais; a proxy in between answers otherwise. */
export const isProblemBody = (body: unknown): body is ProblemBody =>
  isRecord(body) &&
  typeof body.code === "string" &&
  typeof body.status === "number" &&
  typeof body.retryable === "boolean";
