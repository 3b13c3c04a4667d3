import { gmail, type gmail_v1 } from "googleapis/build/src/apis/gmail/index.js";
import { type Clock, SECOND } from "../../domain/clock.ts";
import type { SmtpReply } from "../../domain/google/replies.ts";
import type { Login } from "../../domain/google/transports.ts";

export interface GmailApiEndpoint {
  /** Without a trailing slash. */
  readonly rootUrl: string;
}

/** Nominal: small requests get 20 s, an upload of 30 MB two minutes. */
export const SMALL_REQUEST_MS = 20 * SECOND;
export const UPLOAD_MS = 120 * SECOND;

/**
 * How long the caller's mark may take. With two uploads after it, it must stay below the lease that the mark renewed,
 * however the clock is scaled.
 */
export const markBudgetMs = (clock: Clock): number => Math.max(3 * SECOND, clock.lasting(60 * SECOND));

export const timeoutFor = (clock: Clock, nominalMs: number): number => Math.max(SECOND, clock.lasting(nominalMs));

/**
 * The typed client, imported by its own path because all of `googleapis` adds 0.7 s to a cold start. Each call sets the
 * root URL (`requestOptions`): the client's own option keeps only its origin and is ignored by uploads.
 */
export const gmailClient = (): gmail_v1.Gmail => gmail({ version: "v1" });

interface RequestOptions {
  readonly rootUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly retry: false;
  readonly redirect: "manual";
  readonly responseType: "json";
  readonly timeout: number;
}

/**
 * The header is set by hand because google-auth-library would refresh tokens, which only the domain may do. googleapis
 * repeats requests by default, but a repeated `send` is a second mail. Redirects are not followed: the token must not
 * leave Google, and a page that answers 200 elsewhere has accepted no mail. Answers are read as JSON whatever type they
 * claim: a proxy or stand-in may send none, and an unread reason would fail mail that only has to wait.
 */
export const requestOptions = (endpoint: GmailApiEndpoint, login: Login, timeoutMs: number): RequestOptions => ({
  rootUrl: `${endpoint.rootUrl}/`,
  headers: { Authorization: `Bearer ${login.accessToken.reveal()}` },
  retry: false,
  redirect: "manual",
  responseType: "json",
  timeout: timeoutMs,
});

/**
 * What gaxios's error says: Gmail's answer, or that there was none. The error itself holds the request, so it is
 * dropped.
 */
export type Failure =
  | {
      readonly kind: "answered";
      readonly reply: SmtpReply;
      /** `error.errors[].reason`, `error.details[].reason`, `error.status` or a bare `error`, in lower case. */
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
  return [...entries.map((entry) => field(entry, "reason")), field(error, "status"), error]
    .filter((reason) => typeof reason === "string")
    .map((reason) => reason.toLowerCase());
};

/** What the answer says for people: the message of Google's error object, or a short text. A page says nothing. */
const textOf = (body: unknown): string | null => {
  const error = field(body, "error");
  const texts = [field(error, "message"), field(body, "error_description"), field(body, "message"), error, body];
  return texts.find((text): text is string => typeof text === "string" && /^\s*[^\s<{[]/.test(text)) ?? null;
};

/**
 * A 429 of Gmail holds the time in its text: "User-rate limit exceeded.  Retry after 2026-11-22T09:00:00.000Z (Mail
 * sending)" (foiamail#36).
 */
const RETRY_AFTER = /retry after (\d{4}-\d\d-\d\dT[\d:.]{5,12}Z)/i;

const retryAfterInText = (said: string, nowMs: number): number | null => {
  const ms = Date.parse(RETRY_AFTER.exec(said)?.[1] ?? "") - nowMs;
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
};

/** `Retry-After` in seconds or as a date (RFC 9110 §10.2.3). */
const retryAfter = (headers: unknown, nowMs: number): number | null => {
  const get = field(headers, "get");
  // These are node-fetch's headers, not the platform's, so they are recognised by their shape.
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
    const shortText = (textOf(body) ?? `HTTP ${status}`).replace(/\p{Cc}+/gu, " ").slice(0, 500);
    return {
      kind: "answered",
      reply: { code: status, enhanced: null, response: shortText },
      reasons: reasonsOf(body),
      retryAfterMs: retryAfter(field(response, "headers"), nowMs) ?? retryAfterInText(shortText, nowMs),
    };
  }
  const code = field(error, "code") ?? field(field(error, "cause"), "code");
  const named = typeof code === "string" ? code : "unknown";
  return { kind: "silent", code: named, reason: `no answer (${named})` };
};

/** 429, and the 403s that mean a rate limit (developers.google.com/gmail/api/guides/handle-errors). */
export const isLimit = (failure: Extract<Failure, { kind: "answered" }>): boolean =>
  failure.reply.code === 429 ||
  (failure.reply.code === 403 &&
    failure.reasons.some((reason) => /ratelimit|rate_limit|dailylimit|quota/.test(reason)));
