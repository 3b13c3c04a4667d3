import * as z from "zod";
import {
  GRANT_ENDS,
  type GrantEnd,
  type Revocation,
  type TokenAnswer,
  type TokenRefusal,
} from "../../domain/google/tokens.ts";
import { Secret } from "../../domain/secret.ts";
import type { EndpointAnswer } from "./endpoint.ts";
import { marksOf } from "./token-marks.ts";

/** Absent, null and an empty text all mean "no value". */
const text = z
  .string()
  .nullish()
  .transform((value) => (value === undefined || value === "" ? null : value));

const CENTURY_S = 100 * 365 * 86_400;
/**
 * Seconds, which some servers write as text. Anything but a positive number means "no value"; a century is the maximum.
 */
const seconds = z
  .unknown()
  .optional()
  .transform((value): number | null => {
    const number = typeof value === "string" ? Number(value) : value;
    return typeof number === "number" && number > 0 ? Math.min(number, CENTURY_S) : null;
  });

const grantedAnswer = z.object({
  access_token: z.string().min(1),
  expires_in: seconds,
  refresh_token: text,
  // Google's own, for time-based grants and clients in testing (developers.google.com/identity/protocols/oauth2).
  refresh_token_expires_in: seconds,
  scope: z.string().nullish(),
  id_token: text,
});

/**
 * `expires_in` is only recommended (RFC 6749 §5.1); without it, assume Google's usual hour. If the token ends sooner,
 * Gmail refuses it and it is replaced.
 */
const DEFAULT_LIFETIME_S = 3_600;

/** RFC 6749 §5.2, plus Google's subtype. */
const refusedAnswer = z.object({
  error: z.string().min(1),
  error_description: z.unknown().optional(),
  error_subtype: z.unknown().optional(),
});

/** The client is set up wrongly at Google or here; the account's grant is not to blame. */
const CLIENT_ERRORS: readonly string[] = [
  "invalid_client",
  "unauthorized_client",
  "redirect_uri_mismatch",
  "deleted_client",
  "disabled_client",
  "restricted_client",
];

type Answer = Extract<EndpointAnswer, { readonly kind: "answer" }>;

export type TokenOutcome =
  | { readonly ok: true; readonly tokens: TokenAnswer }
  | { readonly ok: false; readonly refusal: TokenRefusal };

const toAnswer = (from: z.output<typeof grantedAnswer>, nowMs: number): TokenAnswer => ({
  accessToken: new Secret(from.access_token),
  expiresAtMs: nowMs + (from.expires_in ?? DEFAULT_LIFETIME_S) * 1_000,
  refreshToken: from.refresh_token === null ? null : new Secret(from.refresh_token),
  refreshTokenMarks: from.refresh_token === null ? [] : marksOf(from.refresh_token),
  refreshTokenExpiresAtMs:
    from.refresh_token_expires_in === null ? null : nowMs + from.refresh_token_expires_in * 1_000,
  scopes: from.scope?.split(/\s+/).filter((scope) => scope !== "") ?? null,
  idToken: from.id_token,
});

const isGrantEnd = (error: string): error is GrantEnd => (GRANT_ENDS as readonly string[]).includes(error);

/** A refusal's text, cut short; null if there is none. */
const shortText = (value: unknown): string | null =>
  typeof value === "string" && value !== "" ? value.slice(0, 500) : null;

/** Only a code as RFC 6749 shapes it may be logged; anything else might echo what was sent. */
const loggableCode = (error: string): string => (/^[a-z][a-z_]{0,39}$/.test(error) ? error : "a code that is none");

const toUnreachable = ({ status, retryAfterS }: Answer, what: string): TokenRefusal => ({
  kind: "unreachable",
  reason: `status ${status}, ${what}`,
  retryAfterS,
});

const toRefusal = (answer: Answer): TokenRefusal => {
  const parsed = refusedAnswer.safeParse(answer.json);
  if (!parsed.success) return toUnreachable(answer, "no token answer");
  const { error, error_description: description, error_subtype: subtype } = parsed.data;
  if (isGrantEnd(error)) {
    return { kind: "ended", error, description: shortText(description), subtype: shortText(subtype) };
  }
  return CLIENT_ERRORS.includes(error)
    ? { kind: "client_rejected", error }
    : toUnreachable(answer, `error ${loggableCode(error)}`);
};

/**
 * What the token endpoint's answer means. Only a known code ends a grant or blames the client; anything else counts as
 * unreachable.
 */
export const tokenOutcome = (answer: EndpointAnswer, nowMs: number): TokenOutcome => {
  if (answer.kind === "unreachable") return { ok: false, refusal: answer };
  if (answer.status >= 400) return { ok: false, refusal: toRefusal(answer) };
  if (answer.status !== 200) return { ok: false, refusal: toUnreachable(answer, "no token answer") };
  const parsed = grantedAnswer.safeParse(answer.json);
  return parsed.success
    ? { ok: true, tokens: toAnswer(parsed.data, nowMs) }
    : { ok: false, refusal: toRefusal(answer) };
};

/** RFC 7009 §2.2 answers 200 for a token that is over. Google answers 400 with one of these codes. */
const TOKEN_IS_OVER: readonly string[] = ["invalid_token", "invalid_grant"];

/** What the revocation endpoint's answer means. Only a known code says that the token had already ended. */
export const revocationOutcome = (answer: EndpointAnswer): Revocation => {
  if (answer.kind === "unreachable") return "unreachable";
  if (answer.status === 200) return "revoked";
  const parsed = refusedAnswer.safeParse(answer.json);
  const isOver = answer.status === 400 && parsed.success && TOKEN_IS_OVER.includes(parsed.data.error);
  return isOver ? "gone" : "refused";
};
