import type { Language } from "../../domain/language.ts";
import { html, type Markup } from "../../runtime/pages/html.ts";
import { COMPONENTS, isSchema, type JsonSchema } from "../schemas/json-schema.ts";
import { inEnglish, inline, joined, say } from "./markup.ts";

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const objects = (value: unknown): readonly JsonSchema[] => list(value).filter(isSchema);

/** Longer lists of values have a section of their own. */
const MOST_VALUES = 20;

const values = (schema: JsonSchema, language: Language): Markup => {
  const all = list(schema.enum);
  if (all.length > MOST_VALUES) return html`<a href="#codes">${say("anErrorCode", language)}</a>`;
  const named = all.map((value) => html`<code>${String(value)}</code>`);
  return html`${joined(named, html` · `)}`;
};

export const schemaLink = (name: string): Markup => html`<a href="#schema-${name}">${name}</a>`;

const NAMES = {
  string: "text",
  integer: "integer",
  number: "number",
  boolean: "boolean",
  object: "object",
  null: "null",
} as const;
const isNamed = (type: unknown): type is keyof typeof NAMES => typeof type === "string" && Object.hasOwn(NAMES, type);

const textType = ({ format }: JsonSchema, language: Language): string => {
  if (format === "date-time") return say("time", language);
  return say(format === "binary" ? "bytes" : "text", language);
};

const simpleType = (type: unknown, schema: JsonSchema, language: Language): Markup => {
  if (type === "array") return html`${say("listOf", language)} ${typeOf(schema.items, language)}`;
  if (type === "string") return html`${textType(schema, language)}`;
  if (type === "object" && isSchema(schema.additionalProperties)) {
    return html`${say("mapOf", language)} ${typeOf(schema.additionalProperties, language)}`;
  }
  return html`${say(isNamed(type) ? NAMES[type] : "anything", language)}`;
};

/** The type of a value, in words. */
export const typeOf = (schema: unknown, language: Language): Markup => {
  if (!isSchema(schema)) return html`${say("anything", language)}`;
  if (typeof schema.$ref === "string") return schemaLink(schema.$ref.slice(COMPONENTS.length));
  if (schema.const !== undefined) return html`<code>${JSON.stringify(schema.const)}</code>`;
  if (schema.enum !== undefined) return values(schema, language);
  const options = objects(schema.anyOf);
  const parts =
    options.length > 0
      ? options.map((option) => typeOf(option, language))
      : (Array.isArray(schema.type) ? schema.type : [schema.type]).map((type) => simpleType(type, schema, language));
  return html`${joined(parts, html` ${say("or", language)} `)}`;
};

const limits = ({ minimum, maximum, maxLength, default: given }: JsonSchema, language: Language): string => {
  const range =
    minimum !== undefined && maximum !== undefined
      ? [say("range", language, { least: String(minimum), most: String(maximum) })]
      : [];
  const length = maxLength === undefined ? [] : [say("atMost", language, { most: String(maxLength) })];
  const usual = given === undefined ? [] : [`${say("defaultValue", language)} ${JSON.stringify(given)}`];
  return [...range, ...length, ...usual].map((one) => `, ${one}`).join("");
};

/** The objects whose members stand under a member: its own, those of its items, or of one of its forms. */
const innerObjects = (schema: JsonSchema): readonly JsonSchema[] => {
  if (isSchema(schema.properties)) return [schema];
  if (isSchema(schema.items)) return innerObjects(schema.items);
  return objects(schema.anyOf).flatMap(innerObjects);
};

const exampleOf = ({ examples }: JsonSchema): Markup => {
  const [first] = list(examples);
  return first === undefined ? html`` : html`<p class="fine"><code>${JSON.stringify(first)}</code></p>`;
};

const memberOf = (name: string, schema: JsonSchema, { isRequired, language }: MemberContext): Markup => html`
<dt><code>${name}</code> <span class="fine">${typeOf(schema, language)}${limits(schema, language)}</span>${
  isRequired ? html` <span class="needed">${say("required", language)}</span>` : html``
}</dt>
<dd>${
  typeof schema.description === "string" ? inEnglish(html`<p>${inline(schema.description)}</p>`, language) : html``
}${exampleOf(schema)}${innerObjects(schema).map((inner) => members(inner, language))}</dd>`;

interface MemberContext {
  readonly isRequired: boolean;
  readonly language: Language;
}

/** The members of an object. */
export const members = (schema: JsonSchema, language: Language): Markup => {
  const required = list(schema.required);
  const entries = Object.entries(isSchema(schema.properties) ? schema.properties : {});
  if (entries.length === 0) return html``;
  return html`<dl class="members">${entries.map(([name, member]) =>
    memberOf(name, isSchema(member) ? member : {}, { isRequired: required.includes(name), language }),
  )}</dl>`;
};

/** A named schema with all that it holds. */
export const schemaSection = (name: string, schema: JsonSchema, language: Language): Markup => html`
<section class="card" id="schema-${name}"><h3>${name}</h3>${
  typeof schema.description === "string" ? inEnglish(html`<p>${inline(schema.description)}</p>`, language) : html``
}${isSchema(schema.properties) ? html`` : html`<p class="fine">${typeOf(schema, language)}</p>`}${innerObjects(
  schema,
).map((inner) => members(inner, language))}</section>`;
