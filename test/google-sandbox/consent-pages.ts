import type { SandboxAccount } from "./accounts.ts";
import { html, Markup } from "./html.ts";
import type { Reader } from "./language.ts";
import { page } from "./page.ts";
import { isSignInScope, scopeLabel } from "./scopes.ts";
import { say } from "./words.ts";

/** In the query, asks for the choice of an account although the browser is signed in to one. */
export const CHOOSE = "choose";

export const accountPage = (
  reader: Reader,
  about: { readonly accounts: readonly SandboxAccount[]; readonly hint: SandboxAccount | null },
): string => {
  const { language } = reader;
  const first = about.accounts.filter((account) => account === about.hint);
  const others = about.accounts.filter((account) => account !== about.hint);
  const rows = [...first, ...others].map(
    (account) => html`<li><button name="account" value="${account.email}"${new Markup(
      account === about.hint ? " autofocus" : "",
    )}><span class="avatar" aria-hidden="true">${account.name.slice(0, 1)}</span><span>${account.name}<br><span class="fine">${account.email}</span></span></button></li>
`,
  );
  return page(
    reader,
    { title: say(language, "chooseAccount"), step: "account" },
    html`<p>${say(language, "toContinue")}</p>
<form method="get"><ul class="accounts">${rows}</ul></form>
<p class="fine">${say(language, "demoAccounts")}</p>`,
  );
};

/** The account that was chosen, and the way to another one. */
const chosen = ({ language }: Reader, account: SandboxAccount): Markup =>
  html`<p class="chosen"><span>${account.email}</span> <a href="?${CHOOSE}">${say(language, "anotherAccount")}</a></p>`;

const accountField = (account: SandboxAccount): Markup =>
  html`<input type="hidden" name="account" value="${account.email}">`;

export const unverifiedPage = (reader: Reader, account: SandboxAccount): string => {
  const { language } = reader;
  return page(
    reader,
    { title: say(language, "unverified"), step: "unverified" },
    html`${chosen(reader, account)}
<p>${say(language, "unverifiedText")}</p>
<div class="actions">
<form method="get">
${accountField(account)}
<button name="unverified" value="continue">${say(language, "continue")}</button>
</form>
<form method="post">
${accountField(account)}
<button name="decision" value="cancel" class="primary">${say(language, "backToSafety")}</button>
</form>
</div>`,
  );
};

export const scopesPage = (reader: Reader, account: SandboxAccount, scopes: readonly string[]): string => {
  const { language } = reader;
  const fixed = scopes.filter(isSignInScope).map((scope) => html`<li>${scopeLabel(scope, language)}</li>`);
  const choices = scopes
    .filter((scope) => !isSignInScope(scope))
    .map(
      (scope) => html`<li><label><input type="checkbox" name="scope" value="${scope}" checked> <span>${scopeLabel(
        scope,
        language,
      )}<br><code class="fine">${scope}</code></span></label></li>
`,
    );
  const asked = html`<fieldset><legend>${say(language, "select")}</legend><ul class="choices">${choices}</ul></fieldset>`;
  return page(
    reader,
    { title: say(language, choices.length === 0 ? "signIn" : "wantsAccess"), step: "scopes" },
    html`${chosen(reader, account)}
<form method="post">
${accountField(account)}
<p>${say(language, "always")}</p>
<ul class="facts">${fixed}</ul>
${choices.length === 0 ? [] : asked}
<div class="actions">
<button name="decision" value="cancel">${say(language, "cancel")}</button>
<button name="decision" value="allow" class="primary">${say(language, "allow")}</button>
</div>
</form>`,
  );
};

/** Google's own error page, which never calls the client back. */
export const errorPage = (reader: Reader, about: { readonly error: string; readonly description: string }): string => {
  const { language } = reader;
  return page(
    reader,
    { title: say(language, "blocked"), step: "error" },
    html`<p>${say(language, "error")} <code id="error">${about.error}</code></p><p>${about.description}</p>`,
  );
};
