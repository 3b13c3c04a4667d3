import { randomBytes } from "node:crypto";
import { type Configuration, interactionPolicy, type KoaContextWithOIDC, Provider } from "oidc-provider";
import { errorPage } from "./consent-pages.ts";
import { readerOf } from "./language.ts";
import { MAX_REFRESH_TOKENS, TEN_YEARS_S } from "./limits.ts";
import { oidcAdapter } from "./oidc-adapter.ts";
import type { Parts } from "./parts.ts";
import { grantLifetime, issuesRefreshToken } from "./refresh-lifetime.ts";
import { knownScopes, scopeList } from "./scopes.ts";
import { googleTokenError, shapeTokenAnswer } from "./token-answer.ts";

export const paths = {
  authorization: "/o/oauth2/v2/auth",
  token: "/token",
  revocation: "/revoke",
  jwks: "/oauth2/v3/certs",
  risc: "/.well-known/risc-configuration",
  interaction: "/signin/oauth",
} as const;

/** Google's authorization server: oidc-provider, changed where Google differs from its defaults. */
export const googleProvider = async (parts: Parts): Promise<Provider> => {
  const cookieKey = await parts.state.getOrMake("cookie-key", () => randomBytes(32).toString("base64url"));
  const provider = new Provider(parts.origin, configuration(parts, cookieKey));
  useGoogleTokenShapes(provider);
  provider.on("grant.error", (ctx: KoaContextWithOIDC, error: Error) => googleTokenError(ctx, error));
  provider.use(async (context, next) => {
    // The provider puts its own context on every request, but the type of `use` is plain Koa's.
    const ctx = context as KoaContextWithOIDC;
    await next();
    if (ctx.oidc?.route === "token" && ctx.status === 200) {
      await shapeTokenAnswer(parts, ctx);
      const refreshToken = ctx.oidc.entities.RefreshToken;
      if (refreshToken?.accountId !== undefined && refreshToken.clientId !== undefined) {
        parts.grants.capRefreshTokens(refreshToken.accountId, refreshToken.clientId, MAX_REFRESH_TOKENS);
      }
    }
    if (ctx.oidc?.route === "resume") rewriteCallback(ctx);
  });
  return provider;
};

const configuration = (parts: Parts, cookieKey: string): Configuration => ({
  adapter: (kind: string) => oidcAdapter(parts.state, kind),
  jwks: { keys: [parts.keys.jwk] },
  cookies: {
    keys: [cookieKey],
    names: { session: SESSION_COOKIE, interaction: "google_interaction", resume: "google_resume" },
  },
  claims: { openid: ["sub", "hd"], email: ["email", "email_verified"], profile: ["name"] },
  conformIdTokenClaims: false,
  scopes: Object.keys(knownScopes),
  clientAuthMethods: ["client_secret_basic", "client_secret_post"],
  responseTypes: ["code"],
  extraParams: ["access_type", "include_granted_scopes", "hd", "authuser"],
  features: { devInteractions: { enabled: false }, revocation: { enabled: false } },
  discovery: { revocation_endpoint: `${parts.origin}${paths.revocation}` },
  pkce: { required: () => false },
  routes: {
    authorization: paths.authorization,
    token: paths.token,
    jwks: paths.jwks,
    userinfo: "/v1/userinfo",
  },
  interactions: {
    policy: [alwaysAsk(), new interactionPolicy.Prompt({ name: "select_account", requestable: true })],
    url: (_ctx, interaction) => `${paths.interaction}/${interaction.uid}`,
  },
  findAccount: (_ctx, sub) => {
    const account = parts.accounts.bySub(sub);
    if (account === null) return undefined;
    const { email, name } = account;
    const hd = account.hostedDomain === null ? {} : { hd: account.hostedDomain };
    return { accountId: sub, claims: async () => ({ sub, email, email_verified: true, name, ...hd }) };
  },
  // The consent page makes a grant for each authorization, so consents never accumulate in one grant.
  loadExistingGrant: async (ctx) => {
    const grantId = ctx.oidc.result?.consent?.grantId;
    return grantId === undefined ? undefined : ctx.oidc.provider.Grant.find(grantId);
  },
  issueRefreshToken: (_ctx, _client, code) => issuesRefreshToken(parts, code),
  rotateRefreshToken: (ctx) => {
    const email = parts.accounts.bySub(ctx.oidc.entities.RefreshToken?.accountId ?? "")?.email ?? null;
    return parts.faults.take("rotate_refresh_token", email) !== null;
  },
  expiresWithSession: () => false,
  formats: { bitsOfOpaqueRandomness: 432 },
  ttl: {
    AccessToken: 3600,
    AuthorizationCode: 600,
    Grant: TEN_YEARS_S,
    IdToken: 3600,
    Interaction: 3600,
    Session: 3600,
    RefreshToken: (ctx, token) => {
      // A replacement lives as long as the token that it replaces would have.
      const replaced = ctx.oidc.entities.RotatedRefreshToken?.exp;
      return replaced === undefined ? grantLifetime(parts, token) : replaced - Math.floor(Date.now() / 1000);
    },
  },
  renderError: (ctx, out) => {
    ctx.type = "html";
    const error = out.error === "invalid_redirect_uri" ? "redirect_uri_mismatch" : out.error;
    ctx.body = errorPage(readerOf(ctx.req, ctx.res), { error, description: out.error_description ?? "" });
  },
});

export const SESSION_COOKIE = "google_session";

/** Every authorization shows the sandbox's pages, which decide what to ask the user, as Google's do. */
const alwaysAsk = (): interactionPolicy.Prompt =>
  new interactionPolicy.Prompt(
    { name: "consent", requestable: true },
    new interactionPolicy.Check("consent_page", "the user has not been asked", "consent_required", (ctx) =>
      ctx.oidc.result?.consent === undefined
        ? interactionPolicy.Check.REQUEST_PROMPT
        : interactionPolicy.Check.NO_NEED_TO_PROMPT,
    ),
  );

/** Codes and tokens that look like Google's, with slashes, dots and dashes that need care in URLs. */
const useGoogleTokenShapes = (provider: Provider): void => {
  const shape = (model: { readonly prototype: object }, prefix: string) => {
    // Every model has it, although the published types do not.
    const own: unknown = Reflect.get(model.prototype, "generateTokenId");
    if (typeof own !== "function") throw new Error("oidc-provider names its tokens in another way now");
    Reflect.set(model.prototype, "generateTokenId", function generateTokenId(this: object) {
      return `${prefix}${own.call(this)}`;
    });
  };
  shape(provider.AuthorizationCode, "4/0A");
  shape(provider.AccessToken, "ya29.a0");
  shape(provider.RefreshToken, "1//0");
};

/** The callback as Google writes it: it includes what was granted; an error has only its name. */
const rewriteCallback = (ctx: KoaContextWithOIDC): void => {
  const location = ctx.response.get("location");
  const redirectUri = ctx.oidc.params?.redirect_uri;
  if (typeof redirectUri !== "string" || !location.startsWith(redirectUri)) return;
  const url = new URL(location);
  if (url.searchParams.has("error")) {
    url.searchParams.delete("error_description");
    url.searchParams.delete("iss");
  } else {
    const granted = scopeList(
      ctx.oidc.entities.Grant?.getOIDCScopeFiltered(new Set(scopeList(ctx.oidc.params?.scope))),
    );
    url.searchParams.set("scope", granted.join(" "));
    url.searchParams.set("authuser", "0");
    url.searchParams.set("prompt", String(ctx.oidc.params?.prompt ?? "none"));
  }
  ctx.set("location", url.href);
};
