import { gmail, type gmail_v1 } from "googleapis/build/src/apis/gmail/index.js";
import { type Clock, SECOND } from "../../domain/clock.ts";
import type { SmtpReply } from "../../domain/google/replies.ts";
import type { Login } from "../../domain/google/transports.ts";

export interface GmailApiEndpoint {
  /** Without trailing slash. */
  readonly rootUrl: string;
}

/** Small questions get 20 s; an upload of 30 MB gets two minutes. Nominal. */
export const QUESTION_MS = 20 * SECOND;
export const UPLOAD_MS = 120 * SECOND;

/** So long the caller's mark may take: with two uploads after it, it stays under the lease that the mark began anew, however the time is scaled. */
export const markBudgetMs = (clock: Clock): number => Math.max(3 * SECOND, clock.lasting(60 * SECOND));

export const timeoutFor = (clock: Clock, nominalMs: number): number => Math.max(SECOND, clock.lasting(nominalMs));

/**
 * The typed client; imported by its own path, since all of `googleapis` costs 0.7 s at start. Where it asks is said with each call (`requestOptions`): of a
 * root URL of the client's own it would keep the origin alone, and uploads would not heed it at all.
 */
export const gmailClient = (): gmail_v1.Gmail => gmail({ version: "v1" });

interface RequestOptions {
  readonly rootUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly retry: false;
  readonly redirect: "manual";
  readonly timeout: number;
}

/**
 * The token goes into the header by hand: google-auth-library would refresh by itself, and only one place in Relais may do that.
 * `retry: false`: googleapis repeats requests by default, and `send` repeated is a second mail. No redirect is followed: the token must not travel on,
 * and whatever page answers 200 at the other end has taken no mail.
 */
export const requestOptions = (endpoint: GmailApiEndpoint, login: Login, timeoutMs: number): RequestOptions => ({
  rootUrl: `${endpoint.rootUrl}/`,
  headers: { Authorization: `Bearer ${login.accessToken.reveal()}` },
  retry: false,
  redirect: "manual",
  timeout: timeoutMs,
});

/** What came of a request, out of gaxios's error: an answer of Gmail, or none. Never keeps the error itself, which holds the request. */
export type Failure =
  | {
      readonly kind: "answered";
      readonly reply: SmtpReply;
      /** `error.errors[].reason`, `error.details[].reason` and `error.status`, in lower case. */
      readonly reasons: readonly string[];
      readonly retryAfterMs: number | null;
    }
  | { readonly kind: "silent"; readonly code: string; readonly reason: string };

const field = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const reasonsOf = (body: unknown): readonly string[] => {
  const error = field(body, "error");
  const entries = [...list(field(error, "errors")), ...list(field(error, "details"))];
  return [...entries.map((entry) => field(entry, "reason")), field(error, "status")]
    .filter((reason) => typeof reason === "string")
    .map((reason) => reason.toLowerCase());
};

/** By its 429 Gmail says the time in words: "User-rate limit exceeded.  Retry after 2026-11-22T09:00:00.000Z (Mail sending)" (foiamail#36). */
const RETRY_AFTER = /retry after (\d{4}-\d\d-\d\dT[\d:.]{5,12}Z)/i;

const toldRetryMs = (said: string, nowMs: number): number | null => {
  const ms = Date.parse(RETRY_AFTER.exec(said)?.[1] ?? "") - nowMs;
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
};

/** `Retry-After` in seconds or as a date (RFC 9110 §10.2.3). */
const retryAfter = (headers: unknown, nowMs: number): number | null => {
  const get = field(headers, "get");
  // node-fetch's headers, not the platform's: known by their shape.
  const said: unknown = typeof get === "function" ? Reflect.apply(get, headers, ["retry-after"]) : null;
  if (typeof said !== "string") return null;
  const ms = /^\d{1,6}$/.test(said) ? Number(said) * SECOND : Date.parse(said) - nowMs;
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
};

export const failureOf = (error: unknown, nowMs: number): Failure => {
  const response = field(error, "response");
  const status = field(response, "status");
  if (typeof status === "number") {
    const body = field(response, "data");
    const said = field(field(body, "error"), "message");
    const response500 = (typeof said === "string" ? said : `HTTP ${status}`).replace(/\p{Cc}+/gu, " ").slice(0, 500);
    return {
      kind: "answered",
      reply: { code: status, enhanced: null, response: response500 },
      reasons: reasonsOf(body),
      retryAfterMs: retryAfter(field(response, "headers"), nowMs) ?? toldRetryMs(response500, nowMs),
    };
  }
  const code = field(error, "code") ?? field(field(error, "cause"), "code");
  const named = typeof code === "string" ? code : "unknown";
  return { kind: "silent", code: named, reason: `no answer (${named})` };
};

/** 429, and the 403s by which Gmail limits (developers.google.com/gmail/api/guides/handle-errors). */
export const isLimit = (failure: Extract<Failure, { kind: "answered" }>): boolean =>
  failure.reply.code === 429 ||
  (failure.reply.code === 403 &&
    failure.reasons.some((reason) => /ratelimit|rate_limit|dailylimit|quota/.test(reason)));
