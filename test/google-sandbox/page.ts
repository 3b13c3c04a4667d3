import { LANGUAGES, languageName } from "../../functions/domain/language.ts";
import { html, Markup } from "./html.ts";
import type { Reader } from "./language.ts";
import { say } from "./words.ts";

interface About {
  readonly title: string;
  /** The step of the consent, for programs that walk through the pages. */
  readonly step?: string;
  /** A list needs more room than a form. */
  readonly isWide?: true;
}

const languageLinks = ({ language, hrefIn }: Reader): Markup[] =>
  LANGUAGES.map(
    (one) => html`<a lang="${one}" hreflang="${one}" href="${hrefIn(one)}"${new Markup(
      one === language ? ' aria-current="true"' : "",
    )}>${languageName(one)}</a>
`,
  );

/** A page of the sandbox, which says that it is one. */
export const page = (reader: Reader, { title, step, isWide }: About, content: Markup): string => {
  const { language } = reader;
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – ${say(language, "sandbox")}</title>
<link rel="stylesheet" href="/sandbox/style.css">
</head>
<body${new Markup(step === undefined ? "" : ` data-step="${step}"`)}>
<header>
<p><strong>${say(language, "sandbox")}</strong> ${say(language, "notGoogle")}</p>
<nav aria-label="${say(language, "language")}">${languageLinks(reader)}</nav>
</header>
<main${new Markup(isWide ? ' class="wide"' : "")}>
<h1>${title}</h1>
${content}
</main>
</body>
</html>
`.text;
};
