import type { Language } from "../../domain/language.ts";
import { html, type Markup, trusted } from "../../runtime/pages/html.ts";
import { DOCS_PATHS } from "../docs-paths.ts";
import { COMPONENTS, isSchema, type JsonSchema } from "../schemas/json-schema.ts";
import { codeSections } from "./codes.ts";
import { inEnglish, inline, paragraphs, say } from "./markup.ts";
import { type DocumentReader, type FoundOperation, operationSection, operationsIn } from "./operations.ts";
import { members, schemaSection } from "./schema.ts";
import { type Titles, titlesIn } from "./titles.ts";

const at = (document: JsonSchema, ...path: readonly string[]): JsonSchema => {
  const found = path.reduce<unknown>((value, name) => (isSchema(value) ? value[name] : undefined), document);
  return isSchema(found) ? found : {};
};

const readerOf = (document: JsonSchema): DocumentReader => ({
  resolve: (value) => {
    if (!isSchema(value)) return {};
    return typeof value.$ref === "string" ? at(document, ...value.$ref.slice(2).split("/")) : value;
  },
});

interface Group {
  readonly name: string;
  readonly description: string;
  readonly operations: readonly FoundOperation[];
}

const groupsOf = (document: JsonSchema): readonly Group[] => {
  const operations = operationsIn(document);
  const tags: readonly unknown[] = Array.isArray(document.tags) ? document.tags : [];
  return tags.filter(isSchema).map(({ name, description }) => ({
    name: String(name),
    description: String(description),
    operations: operations.filter(({ tag }) => tag === name),
  }));
};

const credentialsText = (document: JsonSchema, language: Language): Markup => html`
<section class="card"><h3 id="credentials">${say("credentials", language)}</h3><dl class="members">${Object.entries(
  at(document, "components", "securitySchemes"),
).map(
  ([name, scheme]) =>
    html`<dt><code>${name}</code></dt><dd>${inEnglish(
      html`<p>${inline(String(isSchema(scheme) ? scheme.description : ""))}</p>`,
      language,
    )}</dd>`,
)}</dl></section>`;

const groupText = ({ name, description, operations }: Group, document: JsonSchema, language: Language): Markup => {
  const titles = titlesIn(language);
  const reader = readerOf(document);
  return html`
<h2 id="${name}">${titles.ofTag(name)}</h2>${inEnglish(html`<p class="lead">${inline(description)}</p>`, language)}
${operations.map((operation) => operationSection(operation, { reader, titles, language }))}`;
};

const eventSchemaOf = (webhook: unknown): string => {
  const content = isSchema(webhook)
    ? at(webhook, "post", "requestBody", "content", "application/cloudevents+json")
    : {};
  return String(at(content, "schema").$ref).slice(COMPONENTS.length);
};

const eventText = (document: JsonSchema, [type, webhook]: readonly [string, unknown], language: Language): Markup => {
  const data = at(document, "components", "schemas", eventSchemaOf(webhook), "properties", "data");
  const summary = isSchema(webhook) ? String(at(webhook, "post").summary) : "";
  return html`<section class="card" id="event-${type}"><h3><code>${type}</code></h3>${inEnglish(
    html`<p>${inline(summary)}</p>`,
    language,
  )}<details><summary><code>data</code></summary>${members(data, language)}</details></section>`;
};

const eventsText = (document: JsonSchema, language: Language): Markup => {
  const events = Object.entries(at(document, "webhooks"));
  const [[, first] = ["", {}]] = events;
  const description = isSchema(first) ? String(at(first, "post").description) : "";
  return html`<h2 id="events">${say("events", language)}</h2>${inEnglish(
    html`<p class="lead">${inline(description)}</p>`,
    language,
  )}${events.map((event) => eventText(document, event, language))}`;
};

const schemasText = (document: JsonSchema, language: Language): Markup => {
  const events = new Set(Object.values(at(document, "webhooks")).map(eventSchemaOf));
  const schemas = Object.entries(at(document, "components", "schemas")).filter(([name]) => !events.has(name));
  return html`<h2 id="schemas">${say("schemas", language)}</h2><p class="lead">${say("schemasText", language)}</p>${schemas.map(
    ([name, schema]) => schemaSection(name, isSchema(schema) ? schema : {}, language),
  )}`;
};

const navigation = (groups: readonly Group[], titles: Titles, language: Language): Markup => html`
<nav aria-label="${say("contents", language)}"><ul>
<li><a href="#overview">${say("overview", language)}</a></li>
${groups.map(
  ({ name, operations }) =>
    html`<li><details><summary>${titles.ofTag(name)}</summary><ul>${operations.map(
      ({ id }) => html`<li><a href="#${id}">${titles.ofOperation(id)}</a></li>`,
    )}</ul></details></li>`,
)}
<li><a href="#events">${say("events", language)}</a></li>
<li><a href="#codes">${say("codes", language)}</a></li>
<li><a href="#schemas">${say("schemas", language)}</a></li>
</ul></nav>`;

/** The page `/docs`, made from openapi.json and the tables of texts: no script, no style of its own within it. */
export const docsPage = (document: JsonSchema, language: Language, stylesheet: string): string => {
  const groups = groupsOf(document);
  const other: Language = language === "en" ? "fr" : "en";
  const menu = navigation(groups, titlesIn(language), language);
  const content = html`<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${say("title", language)}</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="${stylesheet}">
</head>
<body>
<div class="docs">
<a class="skip" href="#main">${say("skip", language)}</a>
<header class="docs-side">
<a class="brand" href="/"><img src="/icon.svg" alt="" width="28" height="28"> Relais</a>
<details class="docs-menu"><summary>${say("contents", language)}</summary>${menu}</details>
<div class="docs-contents">${menu}</div>
</header>
<main id="main" tabindex="-1">
<div class="page-head"><h1>${say("title", language)}</h1>
<p class="lead">${say("english", language)}</p>
<p class="docs-links"><a href="/openapi.json">${say("document", language)}</a> · <a href="/">${say("console", language)}</a> · <a href="${DOCS_PATHS[other]}" lang="${other}" hreflang="${other}">${say("otherLanguage", language)}</a></p></div>
<h2 id="overview">${say("overview", language)}</h2>
<section class="card">${inEnglish(paragraphs(String(at(document, "info").description)), language)}</section>
${credentialsText(document, language)}
${groups.map((group) => groupText(group, document, language))}
${eventsText(document, language)}
<h2 id="codes">${say("codes", language)}</h2>
${codeSections(language)}
${schemasText(document, language)}
</main>
</div>
</body>
</html>
`;
  return html`${trusted("<!doctype html>\n")}${content}`.markup;
};
