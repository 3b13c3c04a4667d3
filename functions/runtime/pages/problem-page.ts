import type { InEveryLanguage, Language } from "../../domain/language.ts";
import type { Problem, ProblemCode } from "../../domain/problem.ts";
import { problemText } from "../../domain/problem-texts.ts";
import type { Reply } from "../http.ts";
import { HTTP_PROBLEMS, problemHeaders } from "../problem-json.ts";
import { html, type Markup, trusted } from "./html.ts";
import { PAGE_POLICY, PAGE_STYLE } from "./page-style.ts";

const WORDS = {
  fr: {
    next: "Que faire\u00a0?",
    back: "Revenir à Relais",
    reload: "Recharger cette page",
    again: "Recommencer",
    choose: "Choisir un autre compte",
    came: "Compte choisi",
    expected: "Compte attendu",
    code: "Code",
    request: "Identifiant de la requête",
  },
  en: {
    next: "What to do",
    back: "Back to Relais",
    reload: "Reload this page",
    again: "Start again",
    choose: "Choose another account",
    came: "Account you chose",
    expected: "Expected account",
    code: "Code",
    request: "Request ID",
  },
} as const satisfies InEveryLanguage<unknown>;

/** Where at Google a person can fix a problem. The advice names each of these places. */
const PLACES: Partial<Record<ProblemCode, InEveryLanguage & { readonly url: string }>> = {
  consent_denied: {
    url: "https://console.cloud.google.com/auth/audience",
    fr: "Utilisateurs tests dans Google Cloud",
    en: "Test users in Google Cloud",
  },
  client_rejected: {
    url: "https://console.cloud.google.com/auth/clients",
    fr: "Clients OAuth dans Google Cloud",
    en: "OAuth clients in Google Cloud",
  },
  refresh_token_missing: {
    url: "https://myaccount.google.com/connections",
    fr: "Applications liées à votre compte Google",
    en: "Apps connected to your Google account",
  },
};

export interface PageContext {
  readonly language: Language;
  readonly requestId: string;
  /** The mail server concerned, whose page shows the same text; null for a sign-in, or if unknown. */
  readonly serverId: string | null;
  /** The address that Google returned and the expected one, where it may be shown. */
  readonly accounts?: { readonly came: string; readonly expected: string | null } | null;
  /** False if this page's URL itself holds Google's answer, so that reloading changes nothing. */
  readonly reloadHelps?: boolean;
}

/** The problems that another visit to Google may solve. */
const AGAIN: Partial<Record<ProblemCode, "again" | "choose">> = {
  account_mismatch: "choose",
  not_admitted: "choose",
  google_unavailable: "again",
  scope_missing: "again",
};

const againAt = (serverId: string | null): string =>
  serverId === null
    ? "/google_gmail/authorize?sign-in&next=/"
    : `/google_gmail/authorize?server=${encodeURIComponent(serverId)}`;

interface Action {
  readonly href: string;
  readonly text: string;
}

const ownActions = (code: ProblemCode, context: PageContext): readonly Action[] => {
  const { language, serverId, reloadHelps = true } = context;
  const words = WORDS[language];
  const again = AGAIN[code];
  const back = serverId === null ? "/" : `/servers/${encodeURIComponent(serverId)}?problem=${code}`;
  return [
    // An empty reference means the current URL, so the page need not repeat the code and state in it.
    ...(HTTP_PROBLEMS[code].retryable && reloadHelps ? [{ href: "", text: words.reload }] : []),
    ...(again === undefined ? [] : [{ href: againAt(serverId), text: words[again] }]),
    { href: back, text: words.back },
  ];
};

const accountList = ({ language, accounts }: PageContext): readonly Markup[] => {
  if (!accounts) return [];
  const words = WORDS[language];
  const { expected } = accounts;
  const rows = [
    html`<dt>${words.came}</dt><dd>${accounts.came}</dd>`,
    ...(expected === null ? [] : [html`<dt>${words.expected}</dt><dd>${expected}</dd>`]),
  ];
  return [html`<dl>${rows}</dl>`];
};

const actions = (code: ProblemCode, context: PageContext): readonly Markup[] => {
  const place = PLACES[code];
  return [
    ...ownActions(code, context).map(
      ({ href, text }, at) => html`<li><a class="${at === 0 ? "first" : "second"}" href="${href}">${text}</a></li>`,
    ),
    ...(place === undefined
      ? []
      : [html`<li><a href="${place.url}" rel="noreferrer">${place[context.language]}</a></li>`]),
  ];
};

const page = (problem: Problem, context: PageContext): string => {
  const { language, requestId } = context;
  const words = WORDS[language];
  const text = problemText(problem.code, language);
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${text.title} – Relais</title>
<style>${trusted(PAGE_STYLE)}</style>
</head>
<body>
<main>
<p class="brand">Relais</p>
<h1>${text.title}</h1>
${accountList(context)}
<h2>${words.next}</h2>
<p>${text.advice}</p>
<ul class="actions">${actions(problem.code, context)}</ul>
<footer>${words.code} <code>${problem.code}</code> · HTTP ${String(HTTP_PROBLEMS[problem.code].status)} · ${words.request} <code>${requestId}</code></footer>
</main>
</body>
</html>
`.markup;
};

/** The page for a person where the API would answer a problem: same status and code, the catalogue's text. */
export const problemPage = (problem: Problem, context: PageContext): Reply => ({
  kind: "html",
  status: HTTP_PROBLEMS[problem.code].status,
  html: page(problem, context),
  headers: {
    ...problemHeaders(problem),
    "X-Relais-Problem": problem.code,
    "Content-Security-Policy": PAGE_POLICY,
  },
});
