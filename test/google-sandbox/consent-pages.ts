import type { SandboxAccount } from "./accounts.ts";
import { html, Markup } from "./html.ts";
import { isSignInScope, knownScopes } from "./scopes.ts";

/** A page of Google's. The body names the step, for programs that walk through the pages. */
const page = (step: string, title: string, content: Markup): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – Google sandbox</title>
<link rel="stylesheet" href="/sandbox/style.css">
</head>
<body data-step="${step}">
<main>
<p class="brand">Google sandbox</p>
<h1>${title}</h1>
${content}
</main>
</body>
</html>
`.text;

export const accountPage = (about: {
  readonly accounts: readonly SandboxAccount[];
  readonly hint: SandboxAccount | null;
}): string => {
  const first = about.accounts.filter((account) => account === about.hint);
  const others = about.accounts.filter((account) => account !== about.hint);
  const rows = [...first, ...others].map(
    (account) => html`<li><span>${account.name}</span>
<button name="account" value="${account.email}"${new Markup(account === about.hint ? " autofocus" : "")}>${account.email}</button></li>
`,
  );
  return page(
    "account",
    "Choose an account",
    html`<p>to continue to <strong>Relais</strong></p>
<form method="get"><ul class="accounts">${rows}</ul></form>`,
  );
};

export const unverifiedPage = (account: SandboxAccount): string =>
  page(
    "unverified",
    "Google hasn’t verified this app",
    html`<p>You’ve been given access to an app that’s currently being tested. You should only continue if you know the developer that invited you.</p>
<form method="get">
<input type="hidden" name="account" value="${account.email}">
<button name="unverified" value="continue">Continue</button>
</form>
<form method="post">
<input type="hidden" name="account" value="${account.email}">
<button name="decision" value="cancel">Back to safety</button>
</form>`,
  );

export const scopesPage = (account: SandboxAccount, scopes: readonly string[]): string => {
  const fixed = scopes.filter(isSignInScope).map((scope) => html`<li>${knownScopes[scope]?.label ?? scope}</li>`);
  const choices = scopes
    .filter((scope) => !isSignInScope(scope))
    .map(
      (scope) => html`<li><label><input type="checkbox" name="scope" value="${scope}" checked> ${
        knownScopes[scope]?.label ?? scope
      } <code>${scope}</code></label></li>
`,
    );
  return page(
    "scopes",
    choices.length === 0 ? "Sign in to Relais" : "Relais wants access to your Google Account",
    html`<p class="account">${account.email}</p>
<form method="post">
<input type="hidden" name="account" value="${account.email}">
<ul>${fixed}</ul>
<ul class="choices">${choices}</ul>
<button name="decision" value="allow">Allow</button>
<button name="decision" value="cancel" class="quiet">Cancel</button>
</form>`,
  );
};

/** Google's own error page, which never calls the client back. */
export const errorPage = (about: { readonly error: string; readonly description: string }): string =>
  page(
    "error",
    "Access blocked",
    html`<p>Error: <code id="error">${about.error}</code></p><p>${about.description}</p>`,
  );
