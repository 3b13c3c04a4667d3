import type { ProblemCode } from "../../domain/problem.ts";
import type { Operations } from "./operation.ts";

/** A browser, which accepts `text/html`, gets them as a page. */
const AUTHORIZE_PROBLEMS: readonly ProblemCode[] = [
  ...(["invalid_request", "not_found", "forbidden", "gmail_credentials_missing", "newer_version"] as const),
];

/** The routes to which browsers and Google come while an account is connected. */
export const CONNECTING_OPERATIONS: Operations = {
  "GET /google_gmail/authorize": {
    id: "authorize",
    tag: "connecting",
    title: { en: "Start a consent or a sign-in", fr: "Commencer un accord ou une connexion" },
    description:
      "A browser opens it: with `server` to connect that mail server’s account, or with `sign-in` for a person. It leads to Google, and Google leads back.",
    query: {
      server: { description: "The id of the mail server to connect.", schema: { type: "string", minLength: 1 } },
      "sign-in": { description: "Signs a person in instead; without a value.", schema: { type: "string", enum: [""] } },
      next: {
        description: "With `sign-in`: a path on our own origin to go to.",
        schema: { type: "string" },
        example: "/",
      },
    },
    answers: {
      204: { description: "A speculative request (prefetch, prerender), which changes nothing." },
      302: { description: "To Google.", headers: ["Location", "SetCookie"] },
      303: { description: "To the sign-in page, if nobody is signed in.", headers: ["Location"] },
      308: { description: "To the same path on the public host.", headers: ["Location"] },
    },
    problems: AUTHORIZE_PROBLEMS,
    pages: AUTHORIZE_PROBLEMS,
  },
  "GET /google_gmail/confirm": {
    id: "confirm",
    tag: "connecting",
    title: { en: "Come back from Google", fr: "Revenir de Google" },
    description:
      "Google sends the browser here. What went wrong is a page for people; its code is in the header `X-Relais-Problem`.",
    query: {
      state: { description: "The state of the authorization, as sent to Google.", schema: { type: "string" } },
      code: { description: "Google’s code.", schema: { type: "string" } },
      error: {
        description: "Google’s refusal instead of a code.",
        schema: { type: "string" },
        example: "access_denied",
      },
    },
    answers: {
      204: { description: "A speculative request (prefetch, prerender), which changes nothing." },
      303: {
        description: "To the mail server’s page, or to `next` after a sign-in.",
        headers: ["Location", "SetCookie"],
      },
    },
    problems: [],
    pages: [
      "state_invalid",
      "code_invalid",
      "consent_denied",
      "consent_refused",
      "not_admitted",
      "account_mismatch",
      "scope_missing",
      "refresh_token_missing",
      "identity_unproven",
      "newer_version",
      "client_rejected",
      "google_unavailable",
    ],
  },
  "POST /google_gmail/security-events": {
    id: "takeSecurityEvent",
    tag: "connecting",
    title: { en: "Take a security event of Google", fr: "Recevoir un événement de sécurité de Google" },
    description: "For Google’s Cross-Account Protection (RISC). The body is a signed security event token (RFC 8417).",
    body: { content: { "application/secevent+jwt": { schema: { type: "string" } } } },
    answers: { 202: { description: "It is taken, or was before." } },
    problems: ["security_event_invalid", "google_unavailable"],
  },
};
