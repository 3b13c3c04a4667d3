import { createHash, randomBytes } from "node:crypto";
import { type ConsentChoice, consent } from "./consent-walker.ts";
import type { GoogleSandbox } from "./sandbox.ts";
import { MAIL_SCOPE } from "./scopes.ts";

/** A sandbox as a client sees it, in this process or another. */
export type SandboxAccess = Pick<GoogleSandbox, "environment" | "client">;

/** What a client program asks of Google; the defaults are what Relais asks for an SMTP connection. */
export interface AuthorizationOptions {
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly redirectUri?: string;
  readonly scope?: string;
  readonly accessType?: string | null;
  readonly prompt?: string | null;
  readonly loginHint?: string;
  readonly nonce?: string;
  readonly verifier?: string;
}

export const SMTP_SCOPE = `openid email ${MAIL_SCOPE}`;
export const API_SCOPE = "openid email https://www.googleapis.com/auth/gmail.send";
export const REDIRECT_URI = "http://localhost:8080/google_gmail/confirm";

const challenge = (verifier: string): string => createHash("sha256").update(verifier).digest("base64url");

export const authorizationUrl = (sandbox: SandboxAccess, asked: AuthorizationOptions = {}): string => {
  const url = new URL(sandbox.environment.GOOGLE_AUTHORIZATION_ENDPOINT ?? "");
  const parameters: Record<string, string | null | undefined> = {
    response_type: "code",
    client_id: asked.clientId ?? sandbox.client.id,
    redirect_uri: asked.redirectUri ?? REDIRECT_URI,
    scope: asked.scope ?? SMTP_SCOPE,
    access_type: asked.accessType === undefined ? "offline" : asked.accessType,
    prompt: asked.prompt === undefined ? "consent" : asked.prompt,
    login_hint: asked.loginHint,
    state: "the-state",
    nonce: asked.nonce ?? "the-nonce",
    code_challenge: challenge(asked.verifier ?? VERIFIER),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(parameters)) {
    if (typeof value === "string") url.searchParams.set(name, value);
  }
  return url.href;
};

const VERIFIER = randomBytes(32).toString("base64url");

/** The answer of Google's token endpoint, unchanged. */
export interface TokenAnswer {
  readonly status: number;
  readonly body: {
    readonly access_token?: string;
    readonly expires_in?: number;
    readonly refresh_token?: string;
    readonly refresh_token_expires_in?: number;
    readonly scope?: string;
    readonly token_type?: string;
    readonly id_token?: string;
    readonly error?: string;
    readonly error_description?: string;
  };
}

export const postToken = async (
  sandbox: SandboxAccess,
  form: Readonly<Record<string, string>>,
): Promise<TokenAnswer> => {
  const answer = await fetch(sandbox.environment.GOOGLE_TOKEN_ENDPOINT ?? "", {
    method: "POST",
    body: new URLSearchParams(form),
  });
  return { status: answer.status, body: await answer.json() };
};

export const exchangeCode = (
  sandbox: SandboxAccess,
  code: string,
  asked: AuthorizationOptions = {},
): Promise<TokenAnswer> =>
  postToken(sandbox, {
    grant_type: "authorization_code",
    code,
    redirect_uri: asked.redirectUri ?? REDIRECT_URI,
    client_id: asked.clientId ?? sandbox.client.id,
    client_secret: asked.clientSecret ?? sandbox.client.secret,
    code_verifier: asked.verifier ?? VERIFIER,
  });

export const refresh = (sandbox: SandboxAccess, refreshToken: string): Promise<TokenAnswer> =>
  postToken(sandbox, {
    grant_type: "refresh_token",
    refresh_token: refreshToken,
    client_id: sandbox.client.id,
    client_secret: sandbox.client.secret,
  });

/** Returns the code that this account's consent yields. */
export const consentCode = async (
  sandbox: SandboxAccess,
  choice: ConsentChoice,
  asked: AuthorizationOptions = {},
): Promise<string> => {
  const { callbackUrl } = await consent(authorizationUrl(sandbox, asked), choice);
  return new URL(callbackUrl).searchParams.get("code") ?? "";
};

/** Consents and exchanges the code, and returns the account's tokens. */
export const connect = async (
  sandbox: SandboxAccess,
  choice: ConsentChoice = { account: "ada@example.com" },
  asked: AuthorizationOptions = {},
): Promise<TokenAnswer> => exchangeCode(sandbox, await consentCode(sandbox, choice, asked), asked);

export const revokeByForm = (sandbox: SandboxAccess, token: string): Promise<Response> =>
  fetch(sandbox.environment.GOOGLE_REVOCATION_ENDPOINT ?? "", { method: "POST", body: new URLSearchParams({ token }) });
