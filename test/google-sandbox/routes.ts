import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { Provider } from "oidc-provider";
import { noteSecret } from "../builders/canary.ts";
import { consentSteps } from "./consent.ts";
import { errorPage } from "./consent-pages.ts";
import type { SandboxControl } from "./control.ts";
import { controlRoute } from "./control-http.ts";
import { gmailRoute } from "./gmail-rest.ts";
import { readBody, replay, sendHtml, sendJson, withoutCookie } from "./http.ts";
import { playInterruption } from "./interruption.ts";
import { readerOf } from "./language.ts";
import { mailboxRoute } from "./mailbox-http.ts";
import { mailboxPages } from "./mailbox-page.ts";
import type { Parts } from "./parts.ts";
import { paths, SESSION_COOKIE } from "./provider.ts";
import { revoke } from "./revocation.ts";
import { riscConfiguration } from "./risc.ts";
import { knownScopes, scopeList } from "./scopes.ts";
import { styleSheet } from "./style.ts";

/** A request as the sandbox's routes see it. */
export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly url: URL;
}

/** Answers the request and returns true, or returns false if another route must. */
export type SandboxRoute = (exchange: Exchange) => Promise<boolean>;

export const sandboxHandler = (parts: Parts, provider: Provider, control: SandboxControl) => {
  const routes: readonly SandboxRoute[] = [
    styleRoute,
    controlRoute(control),
    mailboxRoute(parts),
    mailboxPages(parts),
    gmailRoute(parts),
    consentRoute(parts, provider),
    revocationRoute(parts),
    riscRoute(parts),
    providerRoute(parts, provider),
  ];
  return async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const exchange = { req, res, url: new URL(req.url ?? "/", parts.origin) };
    try {
      for (const route of routes) if (await route(exchange)) return;
    } catch (error) {
      // A client that has gone is not a failure of the sandbox.
      if (res.headersSent || req.destroyed) return;
      sendJson(res, 500, { error: "internal_failure", error_description: String(error) });
    }
  };
};

/** The font of the console, from the package that it takes it from. */
const FONT = "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2";

const styleRoute: SandboxRoute = async ({ res, url }) => {
  if (url.pathname === "/sandbox/style.css") {
    res.writeHead(200, { "content-type": "text/css; charset=utf-8" }).end(styleSheet);
    return true;
  }
  if (url.pathname !== "/sandbox/inter.woff2") return false;
  const font = await readFile(createRequire(import.meta.url).resolve(FONT));
  res.writeHead(200, { "content-type": "font/woff2", "cache-control": "max-age=86400" }).end(font);
  return true;
};

const consentRoute = (parts: Parts, provider: Provider): SandboxRoute => {
  const step = consentSteps(parts, provider);
  return async ({ req, res, url }) => {
    if (!url.pathname.startsWith(`${paths.interaction}/`)) return false;
    const answers = req.method === "POST" ? new URLSearchParams(String(await readBody(req))) : url.searchParams;
    await step(req, res, answers);
    return true;
  };
};

/** Accepts the token in the query or the form, without client authentication. */
const revocationRoute =
  (parts: Parts): SandboxRoute =>
  async ({ req, res, url }) => {
    if (url.pathname !== paths.revocation) return false;
    const form = new URLSearchParams(req.method === "POST" ? String(await readBody(req)) : "");
    const token = form.get("token") ?? url.searchParams.get("token") ?? "";
    const owner = parts.accounts.bySub(parts.grants.live(token)?.account ?? "");
    if (playInterruption(parts, res, { at: "revocation", account: owner?.email ?? null })) return true;
    revoke(parts, res, token);
    return true;
  };

const riscRoute =
  (parts: Parts): SandboxRoute =>
  async ({ res, url }) => {
    if (url.pathname !== paths.risc) return false;
    if (playInterruption(parts, res, { at: "risc", account: null })) return true;
    sendJson(res, 200, riscConfiguration(parts.origin));
    return true;
  };

const providerRoute = (parts: Parts, provider: Provider): SandboxRoute => {
  const callback = provider.callback();
  return async ({ req, res, url }) => {
    // Google's own sign-in session plays no part: each authorization chooses its account again.
    req.headers.cookie = withoutCookie(req.headers.cookie, SESSION_COOKIE);
    if (url.pathname === paths.authorization || url.pathname === paths.jwks) {
      const at = url.pathname === paths.jwks ? "jwks" : "authorization";
      if (playInterruption(parts, res, { at, account: url.searchParams.get("login_hint") })) return true;
    }
    // oidc-provider ignores unknown scopes; Google shows this page.
    const unknown = scopeList(url.searchParams.get("scope")).filter((scope) => knownScopes[scope] === undefined);
    if (url.pathname === paths.authorization && unknown.length > 0) {
      sendHtml(res, 400, errorPage(readerOf(req, res), { error: "invalid_scope", description: unknown.join(" ") }));
      return true;
    }
    if (url.pathname !== paths.token) {
      await callback(req, res);
      return true;
    }
    const body = await readBody(req);
    noteSecrets(new URLSearchParams(String(body)));
    if (!tokenFault(parts, res, new URLSearchParams(String(body)))) await callback(replay(req, body), res);
    return true;
  };
};

/** For the canary: none of it may appear in Relais's output. */
const noteSecrets = (form: URLSearchParams): void => {
  noteSecret("authorization code", form.get("code"));
  noteSecret("PKCE verifier", form.get("code_verifier"));
  noteSecret("client secret", form.get("client_secret"));
  noteSecret("refresh token", form.get("refresh_token"));
};

/** Plays what is scripted for the token endpoint, for the account of the code or refresh token. */
const tokenFault = (parts: Parts, res: ServerResponse, form: URLSearchParams): boolean => {
  const grant = form.get("grant_type");
  const refreshToken = form.get("refresh_token") ?? "";
  const sub =
    grant === "refresh_token"
      ? parts.grants.ownerOf("RefreshToken", refreshToken)
      : parts.grants.ownerOf("AuthorizationCode", form.get("code") ?? "");
  const account = parts.accounts.bySub(sub ?? "")?.email ?? null;
  if (playInterruption(parts, res, { at: "token", account })) return true;
  const error = parts.faults.take(
    "token_error",
    account,
    (fault) => fault.grant === undefined || fault.grant === grant,
  );
  if (error !== null) {
    const status = error.status ?? (error.error === "invalid_client" ? 401 : 400);
    const { subtype, description = "Bad Request" } = error;
    const told = { error: error.error, error_description: description };
    sendJson(res, status, subtype === undefined ? told : { ...told, error_subtype: subtype });
    return true;
  }
  if (grant === "refresh_token") {
    parts.grants.endUnused(refreshToken);
    parts.grants.noteUse(refreshToken);
  }
  return false;
};
