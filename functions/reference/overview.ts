import type { InEveryLanguage } from "../domain/language.ts";
import type { SharedHeader, SharedParameter, Tag } from "./operations/operation.ts";
import type { JsonSchema } from "./schemas/json-schema.ts";

/** What holds for every call. Plain paragraphs and `code` only: `page/markup.ts` knows no other markup. */
export const OVERVIEW = [
  "Relais sends mail from your own Gmail and Google Workspace addresses. A program needs a key, and one call: `POST /v1/messages`.",
  "Credentials: programs send `Authorization: Bearer rk_…`, a key that an operator has made. The setup token and a Google-signed ID token of a listed service account are bearer credentials as well. A browser has the cookie `__session`; its state-changing requests need `Sec-Fetch-Site: same-origin`, which browsers set, or the header `X-Relais-CSRF` with the value of `csrf` in `GET /v1/session`.",
  "Repeating: send `Idempotency-Key` with every message, and repeat the request whenever an answer is missing. The same key with the same JSON gives the same message, for as long as its record lives.",
  "Problems: every answer of 400 and above is `application/problem+json` (RFC 9457) with a stable `code`. Titles and advice are in French or English, by `Accept-Language`. `retryable` and `Retry-After` tell whether and when repeating may help. An unknown path is 404 `not_found`, an unknown method 405 `method_not_allowed`.",
  "Lists: `{items, next}`. Pass `next` as `cursor` until it is null.",
  "Bodies: JSON in UTF-8, 1 MiB at most, 32 MiB under `/v1/messages`. Unknown members are refused with 422, and so are unknown query parameters of lists. A mail that you have composed yourself is posted as its bytes (`message/rfc822`), 33,000,000 at most. Times are RFC 3339 with an offset, and null is no value except in a merge patch.",
  "Later releases may add members, statuses, codes and events: a client must ignore members that it does not know.",
].join("\n\n");

interface TagText {
  readonly title: InEveryLanguage;
  readonly description: string;
}

/** In the order of the page. */
export const TAGS: Readonly<Record<Tag, TagText>> = {
  messages: {
    title: { en: "Messages", fr: "Messages" },
    description: "Send, schedule, follow, cancel and retry messages. All calls are for programs and people.",
  },
  "mail-servers": {
    title: { en: "Mail servers", fr: "Serveurs de messagerie" },
    description: "A mail server stands for one sending Gmail account.",
  },
  connecting: {
    title: { en: "Connecting an account", fr: "Connexion d’un compte" },
    description: "Where browsers and Google come while an account is connected. Programs do not call these.",
  },
  access: {
    title: { en: "Sessions and keys", fr: "Sessions et clés" },
    description: "Who is signed in, and the keys of programs.",
  },
  settings: {
    title: { en: "Settings", fr: "Réglages" },
    description: "For operators: people, retention, pause, alerts, and the OAuth client.",
  },
  system: {
    title: { en: "Oversight", fr: "Supervision" },
    description: "What was done, what needs to be done, and whether Relais is up.",
  },
};

interface ParameterText {
  readonly name: string;
  readonly in: "header" | "query";
  readonly description: string;
  readonly schema: JsonSchema;
  readonly example?: unknown;
}

/** Parameters that several operations share. */
export const PARAMETERS: Readonly<Record<SharedParameter, ParameterText>> = {
  IdempotencyKey: {
    name: "Idempotency-Key",
    in: "header",
    description:
      "Makes it safe to repeat the request: 1 to 255 printable ASCII characters of your choice. The same key with another body is 422 `idempotency_key_reused`.",
    schema: { type: "string", pattern: "^[\\x20-\\x7e]{1,255}$" },
    example: "invoice-2026-0042",
  },
  RelaisRecipients: {
    name: "Relais-Recipients",
    in: "header",
    description:
      "Of a composed mail (`message/rfc822`) only: who gets it, separated by commas. Without it, To, Cc and Bcc of the mail say so. Above some 4 KB use `raw` and `envelope` in JSON instead, which mean the same: servers and proxies limit headers.",
    schema: { type: "string" },
    example: "client@example.org, grace@example.org",
  },
  Prefer: {
    name: "Prefer",
    in: "header",
    description: "`wait=N` waits up to N seconds, 50 at most, for the outcome (RFC 7240).",
    schema: { type: "string" },
    example: "wait=30",
  },
  IfMatch: {
    name: "If-Match",
    in: "header",
    description: "The `etag` that you have read, with or without quotes. If the record has changed since: 412 `stale`.",
    schema: { type: "string" },
  },
  AcceptLanguage: {
    name: "Accept-Language",
    in: "header",
    description: "The language of titles and advice: `en` or `fr`.",
    schema: { type: "string" },
    example: "fr",
  },
  Limit: {
    name: "limit",
    in: "query",
    description: "How many items a page has at most.",
    schema: { type: "integer", minimum: 1, maximum: 200, default: 50 },
  },
  Cursor: {
    name: "cursor",
    in: "query",
    description: "The `next` of the page before.",
    schema: { type: "string" },
  },
};

interface HeaderText {
  readonly name: string;
  readonly description: string;
  readonly schema: JsonSchema;
}

/** Headers of answers. */
export const HEADERS: Readonly<Record<SharedHeader | "RequestId" | "RetryAfter" | "RelaisProblem", HeaderText>> = {
  RequestId: { name: "X-Request-Id", description: "Finds the request in the log.", schema: { type: "string" } },
  RetryAfter: {
    name: "Retry-After",
    description: "After how many seconds repeating may help.",
    schema: { type: "integer", minimum: 1 },
  },
  RelaisProblem: { name: "X-Relais-Problem", description: "The code of a page’s problem.", schema: { type: "string" } },
  Location: { name: "Location", description: "Where it is, or where to go.", schema: { type: "string" } },
  ETag: { name: "ETag", description: "The record’s entity tag, for `If-Match`.", schema: { type: "string" } },
  IdempotencyReplayed: {
    name: "Idempotency-Replayed",
    description: "`true` if the message had been accepted before.",
    schema: { type: "string", enum: ["true"] },
  },
  PreferenceApplied: {
    name: "Preference-Applied",
    description: "The wait that was granted.",
    schema: { type: "string" },
  },
  SetCookie: { name: "Set-Cookie", description: "Sets or clears `__session`.", schema: { type: "string" } },
};
