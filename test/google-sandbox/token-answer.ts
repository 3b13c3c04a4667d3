import { createHash } from "node:crypto";
import { decodeJwt, type JWTPayload } from "jose";
import type { KoaContextWithOIDC } from "oidc-provider";
import { noteSecret } from "../builders/canary.ts";
import type { SandboxAccount } from "./accounts.ts";
import type { Fault } from "./faults.ts";
import type { Parts } from "./parts.ts";
import { asGoogleNames, scopeList } from "./scopes.ts";

type IdTokenFault = Extract<Fault, { fault: "id_token" }>["is"];

interface TokenBody {
  readonly access_token: string;
  readonly id_token?: string;
  readonly refresh_token?: string;
  readonly scope?: string;
}

/** Rewrites oidc-provider's successful answer into Google's. */
export const shapeTokenAnswer = async (parts: Parts, ctx: KoaContextWithOIDC): Promise<void> => {
  const body = ctx.body as TokenBody;
  const account = parts.accounts.bySub(ctx.oidc.entities.Account?.accountId ?? "");
  if (account === null) return;
  noteSecret("access token", body.access_token);
  noteSecret("refresh token", body.refresh_token);
  const refreshed = ctx.oidc.params?.grant_type === "refresh_token";
  // oidc-provider repeats the refresh token with every refresh; Google never does, unless it was replaced.
  const showsRefreshToken = !refreshed || ctx.oidc.entities.RotatedRefreshToken !== undefined;
  const idToken = await googleIdToken(parts, body, account);
  ctx.body = {
    access_token: body.access_token,
    expires_in: 3599,
    ...(showsRefreshToken && body.refresh_token !== undefined ? { refresh_token: body.refresh_token } : {}),
    ...remainingLifetime(parts, ctx),
    scope: asGoogleNames(scopeList(body.scope)).join(" "),
    token_type: "Bearer",
    ...(idToken === undefined ? {} : { id_token: idToken }),
  };
  parts.counters.tokenGrant(refreshed ? "refresh_token" : "authorization_code", account.email);
};

const remainingLifetime = (parts: Parts, ctx: KoaContextWithOIDC): { refresh_token_expires_in?: number } => {
  const token = ctx.oidc.entities.RefreshToken;
  if (token?.grantId === undefined || !parts.grants.lifetimeAnnounced(token.grantId)) return {};
  const exp = Number(token.exp ?? Math.floor(Date.now() / 1000) + token.expiration);
  return { refresh_token_expires_in: Math.max(0, exp - Math.floor(Date.now() / 1000)) };
};

const googleIdToken = async (parts: Parts, body: TokenBody, account: SandboxAccount): Promise<string | undefined> => {
  const fault = parts.faults.take("id_token", account.email)?.is ?? null;
  if (fault === "missing" || body.id_token === undefined) return undefined;
  const { aud, nonce, email, hd } = decodeJwt(body.id_token);
  const now = Math.floor(parts.nowMs() / 1000);
  const payload: JWTPayload = {
    iss: parts.origin,
    azp: aud,
    ...(aud === undefined ? {} : { aud }),
    sub: account.sub,
    ...(hd === undefined ? {} : { hd }),
    ...(email === undefined ? {} : { email, email_verified: true }),
    at_hash: createHash("sha256").update(body.access_token).digest().subarray(0, 16).toString("base64url"),
    ...(nonce === undefined ? {} : { nonce }),
    iat: now,
    exp: now + 3600,
  };
  return parts.keys.sign({ ...payload, ...spoilt(fault, now) }, { forged: fault === "bad_signature" });
};

const spoilt = (fault: IdTokenFault | null, now: number): JWTPayload => {
  switch (fault) {
    case "wrong_nonce":
      return { nonce: "not-the-nonce-that-was-sent" };
    case "wrong_audience":
      return { aud: "another-client.apps.googleusercontent.com", azp: "another-client.apps.googleusercontent.com" };
    case "wrong_issuer":
      return { iss: "https://accounts.example.net" };
    case "email_unverified":
      return { email_verified: false };
    case "another_subject":
      return { sub: "990000000000000000042", email: "intruder@example.com" };
    case "expired":
      return { iat: now - 7200, exp: now - 3600 };
    default:
      return {};
  }
};

/** Google's words for oidc-provider's refusals at the token endpoint. */
export const googleTokenError = (ctx: KoaContextWithOIDC, error: Error & { error_detail?: string }): void => {
  if (ctx.oidc.route !== "token") return;
  const detail = error.error_detail ?? "";
  const refreshing = ctx.oidc.params?.grant_type === "refresh_token";
  const [status, name, description] = translate(error.message, { detail, refreshing });
  ctx.status = status;
  ctx.body = { error: name, error_description: description };
};

type Refusal = readonly [status: number, error: string, description: string];

const translate = (error: string, about: { detail: string; refreshing: boolean }): Refusal => {
  switch (error) {
    case "invalid_client":
      return about.detail === "client not found"
        ? [401, "invalid_client", "The OAuth client was not found."]
        : [401, "invalid_client", "Unauthorized"];
    case "invalid_grant":
      if (about.refreshing) {
        return about.detail === "client mismatch"
          ? [401, "unauthorized_client", "Unauthorized"]
          : [400, "invalid_grant", "Token has been expired or revoked."];
      }
      if (about.detail === "authorization code redirect_uri mismatch") {
        return [400, "redirect_uri_mismatch", "Bad Request"];
      }
      if (/verifier|PKCE|code_challenge/i.test(about.detail)) return [400, "invalid_grant", "Invalid code verifier."];
      return [400, "invalid_grant", "Bad Request"];
    case "unsupported_grant_type":
      return [400, "unsupported_grant_type", "Invalid grant_type"];
    default:
      return [400, error, "Bad Request"];
  }
};
