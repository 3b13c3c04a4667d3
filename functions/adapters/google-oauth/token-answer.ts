import { z } from "zod";
import type { TokenAnswer, TokenRefusal } from "../../domain/connections/ports.ts";
import { Secret } from "../../domain/secret.ts";
import type { EndpointAnswer } from "./endpoint.ts";

const granted = z.object({
  access_token: z.string().min(1),
  expires_in: z.number().positive(),
  refresh_token: z.string().min(1).optional(),
  // Google's own, for time-based grants and clients in testing (developers.google.com/identity/protocols/oauth2).
  refresh_token_expires_in: z.number().positive().optional(),
  scope: z.string().optional(),
  id_token: z.string().optional(),
});

/** RFC 6749 §5.2, and Google's codes beside it. */
const refused = z.object({ error: z.string(), error_description: z.string().optional() });

/** Errors of the client as it is set up at Google or here; the account's grant is not to blame. */
const CLIENT_ERRORS: readonly string[] = [
  "invalid_client",
  "unauthorized_client",
  "redirect_uri_mismatch",
  "deleted_client",
  "disabled_client",
];

export type TokenOutcome =
  | { readonly ok: true; readonly tokens: TokenAnswer }
  | { readonly ok: false; readonly refusal: TokenRefusal };

const toAnswer = (from: z.output<typeof granted>, nowMs: number): TokenAnswer => ({
  accessToken: new Secret(from.access_token),
  expiresAtMs: nowMs + from.expires_in * 1_000,
  refreshToken: from.refresh_token === undefined ? null : new Secret(from.refresh_token),
  refreshTokenExpiresAtMs:
    from.refresh_token_expires_in === undefined ? null : nowMs + from.refresh_token_expires_in * 1_000,
  scopes: (from.scope ?? "").split(" ").filter((scope) => scope !== ""),
  idToken: from.id_token ?? null,
});

const toRefusal = (json: unknown): TokenRefusal => {
  const parsed = refused.safeParse(json);
  if (!parsed.success) return { kind: "unreachable", reason: "not an OAuth answer", retryAfterS: 5 };
  const { error, error_description } = parsed.data;
  if (error === "invalid_grant") return { kind: "invalid_grant", description: error_description ?? null };
  return CLIENT_ERRORS.includes(error) ? { kind: "client_rejected", error } : { kind: "refused", error };
};

/** What the token endpoint's answer means. An answer that is none (a proxy's page, half a JSON) counts as out of reach. */
export const tokenOutcome = (answer: EndpointAnswer, nowMs: number): TokenOutcome => {
  if (answer.kind === "unreachable") return { ok: false, refusal: answer };
  if (answer.status !== 200) return { ok: false, refusal: toRefusal(answer.json) };
  const parsed = granted.safeParse(answer.json);
  return parsed.success
    ? { ok: true, tokens: toAnswer(parsed.data, nowMs) }
    : { ok: false, refusal: { kind: "unreachable", reason: "not a token answer", retryAfterS: 5 } };
};
