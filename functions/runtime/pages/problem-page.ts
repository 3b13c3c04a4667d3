import type { Problem, ProblemCode } from "../../domain/problem.ts";
import { problemText } from "../../domain/problem-texts.ts";
import type { Language, Reply } from "../http.ts";
import { FACINGS, problemHeaders } from "../problem-json.ts";
import { html, type Markup, trusted } from "./html.ts";
import { PAGE_POLICY, PAGE_STYLE } from "./page-style.ts";

const WORDS = {
  fr: {
    next: "Que faire\u00a0?",
    back: "Revenir à Relais",
    reload: "Recharger cette page",
    code: "Code",
    request: "Requête",
  },
  en: { next: "What to do", back: "Back to Relais", reload: "Reload this page", code: "Code", request: "Request" },
} as const satisfies Record<Language, unknown>;

/** Where at Google a problem is put right. Only places named in the advice. */
const PLACES: Partial<Record<ProblemCode, Readonly<Record<Language, string>> & { readonly url: string }>> = {
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
    fr: "Accès accordés par le compte Google",
    en: "Access given by the Google account",
  },
};

export interface PageContext {
  readonly language: Language;
  readonly requestId: string;
  /** The mail server it was about, whose page shows the same text; null: a sign-in, or not known. */
  readonly serverId: string | null;
}

const actions = (code: ProblemCode, { language, serverId }: PageContext): readonly Markup[] => {
  const words = WORDS[language];
  const place = PLACES[code];
  const back = serverId === null ? "/" : `/servers/${encodeURIComponent(serverId)}?problem=${code}`;
  return [
    // An empty reference is this very URL: the page need not hold the code and state that stand in it.
    ...(FACINGS[code].retryable ? [html`<li><a class="first" href="">${words.reload}</a></li>`] : []),
    html`<li><a class="${FACINGS[code].retryable ? "second" : "first"}" href="${back}">${words.back}</a></li>`,
    ...(place === undefined ? [] : [html`<li><a href="${place.url}" rel="noreferrer">${place[language]}</a></li>`]),
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
<h2>${words.next}</h2>
<p>${text.advice}</p>
<ul class="actions">${actions(problem.code, context)}</ul>
<footer>${words.code} <code>${problem.code}</code> · HTTP ${String(FACINGS[problem.code].status)} · ${words.request} <code>${requestId}</code></footer>
</main>
</body>
</html>
`.markup;
};

/** What a person sees where the API would answer a problem: status and code are the same, the text is the catalogue's. */
export const problemPage = (problem: Problem, context: PageContext): Reply => ({
  kind: "html",
  status: FACINGS[problem.code].status,
  html: page(problem, context),
  headers: {
    ...problemHeaders(problem),
    "X-Relais-Problem": problem.code,
    "Content-Security-Policy": PAGE_POLICY,
  },
});
