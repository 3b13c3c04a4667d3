import { FIELD_CODES, fieldText } from "../../domain/field-texts.ts";
import type { Language } from "../../domain/language.ts";
import { problemText, TEXT_CODES, type TextCode } from "../../domain/problem-texts.ts";
import { html, type Markup } from "../../runtime/pages/html.ts";
import { HTTP_PROBLEMS } from "../../runtime/problem-json.ts";
import { inline, say } from "./markup.ts";

const HTTP = new Map(Object.entries({ ...HTTP_PROBLEMS, internal_error: { status: 500, retryable: true } }));

const codeText = (code: TextCode, language: Language): Markup => {
  const { title, advice } = problemText(code, language);
  const http = HTTP.get(code);
  const facts = [
    ...(http === undefined ? [] : [String(http.status)]),
    ...(http?.retryable ? [say("repeat", language)] : []),
  ].join(", ");
  return html`<dt id="code-${code}"><code>${code}</code> <span class="fine">${facts}</span></dt><dd><p>${title}</p><p class="fine">${advice}</p></dd>`;
};

const codesText = (codes: readonly TextCode[], language: Language): Markup =>
  html`<dl class="members">${codes.map((code) => codeText(code, language))}</dl>`;

/** Every code that an answer, a message, a connection or a test may have. */
export const codeSections = (language: Language): Markup => html`
<section class="card"><p>${inline(say("codesText", language))}</p>${codesText(
  TEXT_CODES.filter((code) => HTTP.has(code)),
  language,
)}</section>
<h3 id="other-codes">${say("otherCodes", language)}</h3>
<section class="card"><p>${inline(say("otherCodesText", language))}</p>${codesText(
  TEXT_CODES.filter((code) => !HTTP.has(code)),
  language,
)}</section>
<h3 id="field-codes">${say("fieldCodes", language)}</h3>
<section class="card"><p>${inline(say("fieldCodesText", language))}</p><dl class="members">${FIELD_CODES.map(
  (code) => html`<dt><code>${code}</code></dt><dd><p>${fieldText(code, language)}</p></dd>`,
)}</dl></section>`;
