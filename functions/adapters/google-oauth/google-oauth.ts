import type { Clock } from "../../domain/clock.ts";
import type { AuthorizationRequest, GoogleOAuth, OAuthClient } from "../../domain/google/tokens.ts";
import { askEndpoint } from "./endpoint.ts";
import { identifier } from "./id-token.ts";
import { signingKeys } from "./signing-keys.ts";
import { revocationOutcome, tokenOutcome } from "./token-answer.ts";

export interface GoogleEndpoints {
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly revocationEndpoint: string;
  readonly jwksUri: string;
}

const authorizationUrl = (endpoint: string, redirectUri: string, request: AuthorizationRequest): string => {
  const url = new URL(endpoint);
  const parameters: Readonly<Record<string, string | null>> = {
    response_type: "code",
    client_id: request.clientId,
    redirect_uri: redirectUri,
    scope: request.scopes.join(" "),
    state: request.state,
    nonce: request.nonce,
    code_challenge: request.codeChallenge,
    code_challenge_method: "S256",
    login_hint: request.loginHint,
    access_type: request.offline ? "offline" : null,
    // Only a new consent always yields a refresh token (github.com/googleapis/google-api-nodejs-client#750). Without a
    // prompt, Google silently uses the browser's only account, and a person who was refused could never choose another.
    prompt: request.offline ? "consent" : "select_account",
  };
  for (const [name, value] of Object.entries(parameters)) if (value !== null) url.searchParams.set(name, value);
  return url.href;
};

const clientForm = (client: OAuthClient, rest: Readonly<Record<string, string>>): URLSearchParams =>
  new URLSearchParams({ client_id: client.clientId, client_secret: client.clientSecret.reveal(), ...rest });

/**
 * Google's OAuth 2.0 and OpenID endpoints (developers.google.com/identity/protocols/oauth2/web-server) over plain HTTP.
 * Google compares `redirectUri`, `<RELAIS_PUBLIC_URL>/google_gmail/confirm`, character by character.
 */
export const googleOAuth = (
  config: { readonly google: GoogleEndpoints; readonly publicUrl: string },
  clock: Clock,
): GoogleOAuth => {
  const { google } = config;
  const redirectUri = `${config.publicUrl}/google_gmail/confirm`;
  const keys = signingKeys(clock, google.jwksUri);
  const askToken = async (form: URLSearchParams) =>
    tokenOutcome(await askEndpoint(clock, google.tokenEndpoint, form), clock.nowMs());
  return {
    authorizationUrl: async (request) => authorizationUrl(google.authorizationEndpoint, redirectUri, request),
    exchangeCode: async (client, { code, verifier }) => {
      // A code works only once, so first make sure that we can verify the answer. Otherwise a reload after an outage of
      // Google's key endpoint would find the code used.
      if ((await keys.keysFor(undefined)) === null) {
        return { ok: false, refusal: { kind: "unreachable", reason: "signing keys", retryAfterS: 5 } };
      }
      const grant = { grant_type: "authorization_code", code, redirect_uri: redirectUri };
      return askToken(clientForm(client, { ...grant, code_verifier: verifier.reveal() }));
    },
    refresh: (client, refreshToken) =>
      askToken(clientForm(client, { grant_type: "refresh_token", refresh_token: refreshToken.reveal() })),
    identify: identifier({ clock, keys, issuer: google.issuer }),
    revoke: async (token) => {
      // Google's revocation endpoint needs no client authentication. The token goes in a form, since query strings get
      // logged.
      const answer = await askEndpoint(
        clock,
        google.revocationEndpoint,
        new URLSearchParams({ token: token.reveal() }),
      );
      return revocationOutcome(answer);
    },
  };
};
