import type { SandboxAccount } from "./accounts.ts";
import { type GoogleApiError, googleApiError } from "./google-error.ts";
import type { Parts } from "./parts.ts";
import type { Exchange } from "./routes.ts";
import { type GmailMethod, gmailMethods } from "./scopes.ts";

/** Returns the bearer token's account if its scopes allow the method; otherwise the refusal has been sent. */
export const authorize = (parts: Parts, { req, res, url }: Exchange, method: GmailMethod): SandboxAccount | null => {
  const token = /^Bearer (.+)$/i.exec(req.headers.authorization ?? "")?.[1] ?? "";
  const live = parts.grants.live(token);
  const account = parts.accounts.bySub(live?.account ?? "");
  const refusal =
    live === null || live.kind !== "AccessToken" || account === null
      ? BAD_TOKEN
      : (foreignMailbox(url, account) ?? closedTo(live.scopes, { method, url }));
  if (refusal === null) return account;
  googleApiError(res, refusal);
  return null;
};

const BAD_TOKEN: GoogleApiError = {
  status: 401,
  reason: "authError",
  message:
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
};

const foreignMailbox = (url: URL, account: SandboxAccount): GoogleApiError | null => {
  const user = decodeURIComponent(url.pathname.split("/users/")[1]?.split("/")[0] ?? "");
  if (user === "me" || user.toLowerCase() === account.email.toLowerCase()) return null;
  return { status: 403, reason: "forbidden", domain: "global", message: `Delegation denied for ${account.email}` };
};

const closedTo = (
  scopes: readonly string[],
  { method, url }: { readonly method: GmailMethod; readonly url: URL },
): GoogleApiError | null => {
  if (!gmailMethods[method](scopes)) return insufficientScopes(method);
  const metadataOnly = !scopes.some((scope) => /mail\.google\.com|modify|readonly/.test(scope));
  if (method !== "messages.list" || !metadataOnly || !url.searchParams.has("q")) return null;
  const message = "Metadata scope does not support 'q' parameter";
  return { status: 403, reason: "forbidden", domain: "global", message };
};

const insufficientScopes = (method: GmailMethod): GoogleApiError => ({
  status: 403,
  reason: "insufficientPermissions",
  domain: "global",
  message: "Request had insufficient authentication scopes.",
  details: [
    {
      "@type": "type.googleapis.com/google.rpc.ErrorInfo",
      reason: "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
      domain: "googleapis.com",
      metadata: { service: "gmail.googleapis.com", method: `caribou.api.proto.MailboxService.${method}` },
    },
  ],
});
