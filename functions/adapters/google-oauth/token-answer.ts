import * as z from "zod";
import type { TokenAnswer, TokenRefusal } from "../../domain/connections/ports.ts";
import { Secret } from "../../domain/secret.ts";
import type { EndpointAnswer } from "./endpoint.ts";
import { marksOf } from "./token-marks.ts";

/** A member that says nothing: absent, null, or an empty text. */
const text = z
  .string()
  .nullish()
  .transform((value) => (value === undefined || value === "" ? null : value));

const CENTURY_S = 100 * 365 * 86_400;
/** A number of seconds; some servers write it as text. What is no positive number says nothing, and a century is without end. */
const seconds = z
  .unknown()
  .optional()
  .transform((value): number | null => {
    const number = typeof value === "string" ? Number(value) : value;
    return typeof number === "number" && number > 0 ? Math.min(number, CENTURY_S) : null;
  });

const granted = z.object({
  access_token: z.string().min(1),
  expires_in: seconds,
  refresh_token: text,
  // Google's own, for time-based grants and clients in testing (developers.google.com/identity/protocols/oauth2).
  refresh_token_expires_in: seconds,
  scope: z.string().nullish(),
  id_token: text,
});

/** `expires_in` is only recommended (RFC 6749 §5.1): where it is missing, Google's hour is taken; a token that ends sooner is replaced when Gmail refuses it. */
const USUAL_LIFE_S = 3_600;

/** RFC 6749 §5.2, and Google's codes beside it. */
const refused = z.object({ error: z.string().min(1), error_description: z.unknown().optional() });

/** Errors of the client as it is set up at Google or here, or of the request that it makes; the account's grant is not to blame. */
const CLIENT_ERRORS: readonly string[] = [
  "invalid_client",
  "unauthorized_client",
  "redirect_uri_mismatch",
  "deleted_client",
  "disabled_client",
  "invalid_request",
  "unsupported_grant_type",
];

/** Troubles of Google's own, whatever status they come with (RFC 6749 §4.1.2.1 has the first two): they pass, and say nothing of the grant. */
const PASSING_ERRORS: readonly string[] = [
  "server_error",
  "temporarily_unavailable",
  "internal_failure",
  "backend_error",
  "rate_limit_exceeded",
  "slow_down",
];

export type TokenOutcome =
  | { readonly ok: true; readonly tokens: TokenAnswer }
  | { readonly ok: false; readonly refusal: TokenRefusal };

const toAnswer = (from: z.output<typeof granted>, nowMs: number): TokenAnswer => ({
  accessToken: new Secret(from.access_token),
  expiresAtMs: nowMs + (from.expires_in ?? USUAL_LIFE_S) * 1_000,
  refreshToken: from.refresh_token === null ? null : new Secret(from.refresh_token),
  refreshTokenMarks: from.refresh_token === null ? [] : marksOf(from.refresh_token),
  refreshTokenExpiresAtMs:
    from.refresh_token_expires_in === null ? null : nowMs + from.refresh_token_expires_in * 1_000,
  scopes: from.scope?.split(/\s+/).filter((scope) => scope !== "") ?? null,
  idToken: from.id_token,
});

const unreachable = (reason: string): TokenRefusal => ({ kind: "unreachable", reason, retryAfterS: 5 });

const toRefusal = (json: unknown): TokenRefusal => {
  const parsed = refused.safeParse(json);
  if (!parsed.success) return unreachable("not a token answer");
  const { error, error_description: description } = parsed.data;
  if (error === "invalid_grant") {
    return { kind: "invalid_grant", description: typeof description === "string" ? description : null };
  }
  if (PASSING_ERRORS.includes(error)) return unreachable(error);
  return CLIENT_ERRORS.includes(error) ? { kind: "client_rejected", error } : { kind: "refused", error };
};

/** What the token endpoint's answer means. An answer that is none (a proxy's page, half a JSON) counts as out of reach. */
export const tokenOutcome = (answer: EndpointAnswer, nowMs: number): TokenOutcome => {
  if (answer.kind === "unreachable") return { ok: false, refusal: answer };
  if (answer.status !== 200) return { ok: false, refusal: toRefusal(answer.json) };
  const parsed = granted.safeParse(answer.json);
  return parsed.success
    ? { ok: true, tokens: toAnswer(parsed.data, nowMs) }
    : { ok: false, refusal: toRefusal(answer.json) };
};
