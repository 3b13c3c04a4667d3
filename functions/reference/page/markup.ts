import { type Language, typeset } from "../../domain/language.ts";
import { fillIn, type TextParams } from "../../domain/text-template.ts";
import { html, type Markup } from "../../runtime/pages/html.ts";
import { LABELS, type Label } from "./labels.ts";

/** Texts with `code` in them, the only markup of descriptions. */
export const inline = (text: string): Markup[] =>
  text.split("`").map((part, at) => (at % 2 === 0 ? html`${part}` : html`<code>${part}</code>`));

export const paragraphs = (text: string): Markup[] => text.split("\n\n").map((one) => html`<p>${inline(one)}</p>`);

/** Marks a text that is in English on a page in another language. */
export const inEnglish = (content: Markup | readonly Markup[], language: Language): Markup =>
  language === "en" ? html`${content}` : html`<div lang="en">${content}</div>`;

export const say = (label: Label, language: Language, params: TextParams = {}): string =>
  typeset(fillIn(LABELS[label][language], params), language);

export const joined = (parts: readonly Markup[], separator: Markup): Markup[] =>
  parts.flatMap((part, at) => (at === 0 ? [part] : [separator, part]));

export const json = (value: unknown): Markup => html`<pre><code>${JSON.stringify(value, null, 2)}</code></pre>`;
