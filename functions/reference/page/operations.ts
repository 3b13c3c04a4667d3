import type { Language } from "../../domain/language.ts";
import { html, type Markup } from "../../runtime/pages/html.ts";
import { isSchema, type JsonSchema } from "../schemas/json-schema.ts";
import { inEnglish, inline, joined, json, paragraphs, say } from "./markup.ts";
import { schemaLink, typeOf } from "./schema.ts";
import type { Titles } from "./titles.ts";

export interface DocumentReader {
  /** Follows a reference within the document. */
  readonly resolve: (value: unknown) => JsonSchema;
}

export interface FoundOperation {
  readonly method: string;
  readonly path: string;
  readonly operation: JsonSchema;
  readonly id: string;
  readonly tag: string;
}

const METHODS = ["get", "post", "put", "patch", "delete"];

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const operationsIn = (document: JsonSchema): readonly FoundOperation[] =>
  Object.entries(isSchema(document.paths) ? document.paths : {}).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = isSchema(item) ? item[method] : undefined;
      if (!isSchema(operation)) return [];
      const id = String(operation.operationId);
      return [{ method: method.toUpperCase(), path, operation, id, tag: String(list(operation.tags)[0]) }];
    }),
  );

const codes = (found: readonly unknown[]): Markup[] =>
  joined(
    found.map((code) => html`<a href="#code-${String(code)}"><code>${String(code)}</code></a>`),
    html`, `,
  );

/** Each credential that suffices, with the permission or role that it needs. */
const securityText = ({ security }: JsonSchema, language: Language): Markup => {
  const ways = list(security)
    .filter(isSchema)
    .map((way) =>
      Object.entries(way)
        .map(([scheme, roles]) => [scheme, ...list(roles).map((role) => `(${String(role)})`)].join(" "))
        .join(" + "),
    );
  const text =
    ways.length === 0
      ? html`${say("nobody", language)}`
      : html`${joined(
          ways.map((way) => html`<code>${way}</code>`),
          html`, `,
        )}`;
  return html`<p class="fine">${say("who", language)} ${text}</p>`;
};

const parameterText = (parameter: JsonSchema, language: Language): Markup => html`
<dt><code>${String(parameter.name)}</code> <span class="fine">${String(parameter.in)}, ${typeOf(parameter.schema, language)}</span>${
  parameter.required === true ? html` <span class="needed">${say("required", language)}</span>` : html``
}</dt>
<dd>${inEnglish(html`<p>${inline(String(parameter.description))}</p>`, language)}</dd>`;

const parametersText = (operation: JsonSchema, reader: DocumentReader, language: Language): Markup => {
  const parameters = list(operation.parameters).map(reader.resolve);
  if (parameters.length === 0) return html``;
  return html`<details><summary>${say("parameters", language)} (${String(parameters.length)})</summary><dl class="members">${parameters.map(
    (one) => parameterText(one, language),
  )}</dl></details>`;
};

const contentText = (content: unknown, language: Language): Markup[] =>
  Object.entries(isSchema(content) ? content : {}).map(([type, media]) => {
    const shape = isSchema(media) ? media.schema : undefined;
    return html`<p><code>${type}</code>: ${typeOf(shape, language)}</p>`;
  });

const examplesText = (content: unknown, language: Language): Markup => {
  const examples = Object.values(isSchema(content) ? content : {})
    .filter(isSchema)
    .flatMap(({ examples }) => Object.values(isSchema(examples) ? examples : {}))
    .filter(isSchema);
  if (examples.length === 0) return html``;
  return html`<details><summary>${say("examples", language)} (${String(examples.length)})</summary>${examples.map(
    ({ value }) => json(value),
  )}</details>`;
};

const bodyText = ({ requestBody }: JsonSchema, language: Language): Markup => {
  if (!isSchema(requestBody)) return html``;
  return html`<h4>${say("body", language)}</h4>${contentText(requestBody.content, language)}${inEnglish(
    html`<p class="fine">${inline(String(requestBody.description))}</p>`,
    language,
  )}${examplesText(requestBody.content, language)}`;
};

const isProblem = (answer: JsonSchema): boolean => /^`[a-z_]+`: /.test(String(answer.description));

const codesOf = (answer: JsonSchema): readonly string[] =>
  [...String(answer.description).matchAll(/^`([a-z_]+)`: /gm)].map(([, code = ""]) => code);

const answersText = (operation: JsonSchema, reader: DocumentReader, language: Language): Markup => {
  const answers = Object.entries(isSchema(operation.responses) ? operation.responses : {}).map(
    ([status, answer]) => [status, reader.resolve(answer)] as const,
  );
  const good = answers.filter(([, answer]) => !isProblem(answer));
  const problems = answers.filter(([, answer]) => isProblem(answer));
  return html`<h4>${say("answers", language)}</h4><dl class="members">${good.map(
    ([status, answer]) =>
      html`<dt><code>${status}</code></dt><dd>${inEnglish(
        html`<p>${inline(String(answer.description))}</p>`,
        language,
      )}${contentText(answer.content, language)}${examplesText(answer.content, language)}</dd>`,
  )}</dl><details><summary>${say("problems", language)}</summary><p class="fine"><code>application/problem+json</code>: ${schemaLink("Problem")}</p><dl class="members">${problems.map(
    ([status, answer]) => html`<dt><code>${status}</code></dt><dd><p>${codes(codesOf(answer))}</p></dd>`,
  )}</dl></details>`;
};

/** One call, as a card. */
export const operationSection = (
  { method, path, operation, id }: FoundOperation,
  {
    reader,
    titles,
    language,
  }: { readonly reader: DocumentReader; readonly titles: Titles; readonly language: Language },
): Markup => html`
<section class="card" id="${id}"><h3>${titles.ofOperation(id)}</h3>
<p class="call"><span class="method">${method}</span> <code>${path}</code></p>
${inEnglish(paragraphs(String(operation.description)), language)}
${securityText(operation, language)}${parametersText(operation, reader, language)}${bodyText(operation, language)}${answersText(operation, reader, language)}</section>`;
