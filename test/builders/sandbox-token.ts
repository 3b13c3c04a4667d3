import assert from "node:assert/strict";
import { Secret } from "../../functions/domain/secret.ts";
import { consent } from "../google-sandbox/consent-walker.ts";
import type { GoogleSandbox } from "../google-sandbox/sandbox.ts";
import { FULL_MAIL } from "./mail-server.ts";

/** The sandbox's default redirect URI. */
const REDIRECT_URI = "http://localhost:8080/google_gmail/confirm";

/** Returns the tokens that the sandbox grants an account for these scopes, by consent and code exchange. */
export const sandboxGrant = async (
  sandbox: GoogleSandbox,
  account = "ada@example.com",
  scopes: readonly string[] = [FULL_MAIL],
): Promise<{ readonly accessToken: Secret; readonly refreshToken: Secret }> => {
  const redirectUri = REDIRECT_URI;
  const url = new URL(sandbox.environment.GOOGLE_AUTHORIZATION_ENDPOINT ?? "");
  const client = { client_id: sandbox.client.id, redirect_uri: redirectUri };
  const query = {
    ...client,
    response_type: "code",
    scope: ["openid", "email", ...scopes].join(" "),
    state: "s",
    access_type: "offline",
    prompt: "consent",
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  const { callbackUrl } = await consent(url.href, { account });
  const code = new URL(callbackUrl).searchParams.get("code") ?? "";
  const answer = await fetch(sandbox.environment.GOOGLE_TOKEN_ENDPOINT ?? "", {
    method: "POST",
    body: new URLSearchParams({
      ...client,
      client_secret: sandbox.client.secret,
      grant_type: "authorization_code",
      code,
    }),
  });
  const tokens: { access_token?: string; refresh_token?: string } = await answer.json();
  assert.ok(tokens.access_token && tokens.refresh_token, JSON.stringify(Object.keys(tokens)));
  return { accessToken: new Secret(tokens.access_token), refreshToken: new Secret(tokens.refresh_token) };
};

export const sandboxToken = async (...of: Parameters<typeof sandboxGrant>): Promise<Secret> =>
  (await sandboxGrant(...of)).accessToken;
