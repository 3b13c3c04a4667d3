import { requireVerifiedTls } from "./origin.ts";
import {
  type CallFacts,
  type ConnectionErrorCode,
  isProblemBody,
  isRecord,
  RelaisConnectionError,
  type RelaisError,
  RelaisProblem,
} from "./relais-error.ts";
import { type Pace, pauseMs, readRetryAfter } from "./repetition.ts";

/** What every call takes. */
export interface CallOptions {
  /** Ends the call, also between two requests; the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface Request {
  readonly method: "GET" | "POST" | "PATCH";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text is JSON; bytes are a mail. */
  readonly body?: string | Uint8Array;
  /** Makes the request safe to repeat, and is kept through all repetitions. */
  readonly idempotencyKey?: string;
  /** Whether what it asks for is sending, so that without an answer nobody knows the outcome. */
  readonly sends?: boolean;
  /** Whether an answer of success is one to this request: what stands in front of Relais may answer in JSON as well. */
  readonly isAnswer?: (body: Readonly<Record<string, unknown>>) => boolean;
  readonly signal?: AbortSignal | undefined;
}

/** An answer, and how many requests it took. */
export interface Answered<T> {
  readonly body: T;
  readonly attempts: number;
  /** Whether an earlier request may have been carried out, so that a refusal in the body says nothing about it. */
  readonly inDoubt: boolean;
}

export type Requests = <T>(request: Request) => Promise<Answered<T>>;

export interface Connection {
  readonly baseUrl: string;
  /** Returns the credential for one request, fetched afresh if need be, such as a Google-signed ID token. */
  readonly key: () => string | Promise<string>;
  readonly timeoutMs: number;
  readonly repetitions: number;
  readonly userAgent: string;
  readonly fetch: typeof fetch;
  readonly pace: Pace;
}

/** Nobody wants a call that sleeps for minutes: the caller is told instead, and how long to wait. */
const LONGEST_RETRY_AFTER_MS = 120_000;

/** Statuses below 500 with which a proxy in between says that trying again may help. */
const PASSING = new Set([408, 425, 429]);

const urlOf = (baseUrl: string, { path, query = {} }: Request): string => {
  const parameters = new URLSearchParams(query).toString();
  return `${baseUrl}${path}${parameters === "" ? "" : `?${parameters}`}`;
};

/**
 * Throws a TypeError if a value cannot stand in a header. `fetch` would refuse it too, but as if the request had been
 * sent, and with the value in its message, which may be a token.
 */
const requireSendable = (headers: Readonly<Record<string, string>>): void => {
  for (const [name, value] of Object.entries(headers)) {
    const sendable = name === "Authorization" ? /^Bearer [\x21-\x7e]+$/ : /^[\t\x20-\x7e\x80-\xff]*$/;
    if (!sendable.test(value)) throw new TypeError(`relais-client: ${name} has characters that no header can carry`);
  }
};

const headersOf = async ({ key, userAgent }: Connection, request: Request): Promise<Record<string, string>> => ({
  Authorization: `Bearer ${await key()}`,
  Accept: "application/json, application/problem+json",
  "Accept-Language": "en",
  "User-Agent": userAgent,
  ...(typeof request.body === "string" ? { "Content-Type": "application/json" } : {}),
  ...(request.body instanceof Uint8Array ? { "Content-Type": "message/rfc822" } : {}),
  ...(request.idempotencyKey === undefined ? {} : { "Idempotency-Key": request.idempotencyKey }),
  ...request.headers,
});

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** What fetch keeps to itself: a name that is not known, a certificate that cannot be verified … */
const reasonOf = (cause: unknown): string => {
  const deepest = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  return deepest instanceof Error && deepest.message !== "" ? `: ${deepest.message}` : "";
};

const noAnswer = (
  code: ConnectionErrorCode,
  request: Request,
  { baseUrl, cause, facts }: { readonly baseUrl: string; readonly cause: unknown; readonly facts: CallFacts },
): RelaisConnectionError =>
  new RelaisConnectionError(
    code === "timeout" ? `${baseUrl} did not answer in time` : `${baseUrl} could not be reached${reasonOf(cause)}`,
    { code, retryable: true, cause, ...(request.sends === true ? { outcome: "unknown" as const } : {}) },
    facts,
  );

/** Who answered; a response of a fetch of the caller's own may name no URL. */
const originOf = ({ url }: Response, baseUrl: string): string => (url === "" ? baseUrl : new URL(url).origin);

/** No header is long but the recipients', and tags in the query, which counts too. */
const headersTooLarge = (
  origin: string,
  { request, facts }: { readonly request: Request; readonly facts: CallFacts },
): RelaisConnectionError =>
  new RelaisConnectionError(
    `${origin} refuses the request for the size of its headers: give fewer recipients, or shorter tags`,
    {
      code: "headers_too_large",
      retryable: false,
      status: 431,
      ...(request.sends === true ? { outcome: "not_sent" as const } : {}),
    },
    facts,
  );

interface Failure {
  readonly request: Request;
  readonly baseUrl: string;
  readonly facts: CallFacts;
}

/**
 * An answer that is not Relais's, or not whole. With a status of success or from 500 on, what lies in between may have
 * passed the request on, so a message may be accepted: asking again with its key finds out.
 */
const notRelais = (response: Response, { request, baseUrl, facts }: Failure): RelaisConnectionError => {
  const { status, ok } = response;
  const sends = request.sends === true;
  const mayHaveArrived = PASSING.has(status) || status >= 500 || (sends && ok);
  const location = response.headers.get("location");
  const moved = location === null ? "" : `; it redirects to ${location}`;
  return new RelaisConnectionError(
    `${originOf(response, baseUrl)} answered ${status}, and not as Relais does${moved}: check url`,
    {
      code: "not_relais",
      retryable: mayHaveArrived,
      status,
      ...(sends ? { outcome: mayHaveArrived ? ("unknown" as const) : ("not_sent" as const) } : {}),
    },
    facts,
  );
};

const failureOf = (response: Response, body: unknown, failure: Failure): RelaisError => {
  const { request, baseUrl, facts } = failure;
  // A refusal says that nothing was sent. An answer 5xx without that promise does not.
  const inDoubt = facts.inDoubt === true || (request.sends === true && response.status >= 500);
  // A proxy or Relais's own HTTP server may send it; either way, no handler of Relais has seen the request.
  if (response.status === 431) return headersTooLarge(originOf(response, baseUrl), { request, facts });
  if (isProblemBody(body)) {
    return new RelaisProblem(body, body.outcome === undefined ? { ...facts, inDoubt } : facts);
  }
  return notRelais(response, failure);
};

/** One request. Resolves with the answer or with what is wrong; rejects only if the caller aborts it. */
const once = async (
  connection: Connection,
  request: Request,
  facts: CallFacts,
): Promise<{ readonly value: unknown } | { readonly error: RelaisError }> => {
  const { baseUrl, timeoutMs, fetch, pace } = connection;
  const headers = await headersOf(connection, request);
  requireSendable(headers);
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(urlOf(baseUrl, request), {
      method: request.method,
      headers,
      // The key must not follow a redirection to another host.
      redirect: "manual",
      // A cast, because fetch takes no bytes in shared memory and the type of a Buffer cannot say that it has none.
      ...(request.body === undefined ? {} : { body: request.body as string | Uint8Array<ArrayBuffer> }),
      signal: request.signal === undefined ? timeout : AbortSignal.any([request.signal, timeout]),
    });
    const body = parse(await response.text());
    // Every answer of Relais is a JSON object.
    if (response.ok && isRecord(body) && request.isAnswer?.(body) !== false) return { value: body };
    const waitMs = readRetryAfter(response.headers.get("retry-after"), pace);
    const more = { ...facts, ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }) };
    return { error: failureOf(response, body, { request, baseUrl, facts: more }) };
  } catch (cause) {
    request.signal?.throwIfAborted();
    return { error: noAnswer(timeout.aborted ? "timeout" : "unreachable", request, { baseUrl, cause, facts }) };
  }
};

const mayRepeat = (error: RelaisError, { attempts, repetitions }: { attempts: number; repetitions: number }): boolean =>
  error.retryable && attempts <= repetitions && (error.retryAfterMs ?? 0) <= LONGEST_RETRY_AFTER_MS;

/**
 * Makes requests, and repeats one that found no answer or was told to come back. Each request must be safe to repeat:
 * a read, one with an idempotency key, or one that the caller can tell from its repetition. Rejects with a
 * `RelaisError`, or with the reason of the caller's signal.
 */
export const createRequests =
  (connection: Connection): Requests =>
  async <T>(request: Request): Promise<Answered<T>> => {
    const { repetitions, pace } = connection;
    let inDoubt = false;
    for (let attempts = 1; ; attempts += 1) {
      request.signal?.throwIfAborted();
      requireVerifiedTls(connection.baseUrl);
      const { idempotencyKey } = request;
      const facts = { attempts, inDoubt, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) };
      const outcome = await once(connection, request, facts);
      // A cast at the network's edge: the views that build the answers have these types.
      if ("value" in outcome) return { body: outcome.value as T, attempts, inDoubt };
      if (!mayRepeat(outcome.error, { attempts, repetitions })) throw outcome.error;
      inDoubt = outcome.error.outcome === "unknown";
      await pace.sleep(pauseMs(attempts, outcome.error.retryAfterMs, pace), request.signal);
    }
  };
