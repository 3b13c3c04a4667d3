import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { isSchema, type JsonSchema } from "../../functions/reference/schemas/json-schema.ts";

const FILE = new URL("../../functions/reference/openapi.json", import.meta.url);

const parsed: unknown = JSON.parse(readFileSync(FILE, "utf8"));

/** The description of the API as the repository keeps it. */
export const DOCUMENT: JsonSchema = isSchema(parsed) ? parsed : {};

/** A part of the document by its path, with references followed; an empty object if there is none. */
export const part = (...path: readonly string[]): JsonSchema => {
  const found = path.reduce<unknown>((value, name) => (isSchema(value) ? value[name] : undefined), DOCUMENT);
  return resolved(found);
};

const resolved = (value: unknown): JsonSchema => {
  if (!isSchema(value)) return {};
  return typeof value.$ref === "string" ? part(...value.$ref.slice(2).split("/")) : value;
};

/** Refuses members that the document does not name. Clients must not do that; the tests must. */
const closed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(closed);
  if (!isSchema(value)) return value;
  const inner = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, closed(one)]));
  const isOpen = isSchema(value.properties) && value.additionalProperties === undefined;
  return isOpen ? { ...inner, additionalProperties: false } : inner;
};

const components = part("components");
const ID = "https://relais.invalid/openapi.json";

const ajv = new Ajv2020({ strict: false, allErrors: true });
formats.default(ajv);
ajv.addSchema({ ...DOCUMENT, components: { ...components, schemas: closed(components.schemas) } }, ID);

/** Makes every reference within the document one that the validator finds from anywhere. */
const absolute = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(absolute);
  if (!isSchema(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name,
      name === "$ref" && typeof one === "string" && one.startsWith("#") ? `${ID}${one}` : absolute(one),
    ]),
  );
};

const compiled = new Map<string, (value: unknown) => string | null>();

/** Says why a value is not what a schema of the document says; null if it is. */
export const faultOf = (schema: JsonSchema, value: unknown): string | null => {
  const key = JSON.stringify(schema);
  const check = compiled.get(key) ?? compile(schema);
  compiled.set(key, check);
  return check(value);
};

const compile = (schema: JsonSchema): ((value: unknown) => string | null) => {
  const shape = absolute(schema);
  const validate = ajv.compile(isSchema(shape) ? shape : {});
  return (value) => (validate(value) ? null : ajv.errorsText(validate.errors, { separator: "\n" }));
};

const TEMPLATES = Object.keys(part("paths")).map((template) => ({
  template,
  pattern: new RegExp(`^${template.replaceAll(/\{\w+\}/g, "[^/]+")}$`),
}));

/** The operation at a path; undefined if the document names none. A literal path comes before a parameter. */
export const operationAt = (method: string, pathname: string): JsonSchema | undefined => {
  const fitting = TEMPLATES.filter(({ pattern }) => pattern.test(pathname));
  const { template } = fitting.find((one) => one.template === pathname) ?? fitting[0] ?? { template: "" };
  const operation = part("paths", template)[method.toLowerCase()];
  return isSchema(operation) ? operation : undefined;
};

/** The schema of a body or answer by its media type. */
export const schemaFor = (body: unknown, type: string): JsonSchema | undefined => {
  const { content } = resolved(body);
  const media = isSchema(content) ? content[type] : undefined;
  return isSchema(media) && isSchema(media.schema) ? media.schema : undefined;
};

/** Why a body that the API has taken is not what the document says that it takes; null if it is. */
export const refusedByDescription = (method: string, pathname: string, body: unknown): string | null => {
  const schema = schemaFor(operationAt(method, pathname)?.requestBody, "application/json");
  const fault = schema === undefined ? null : faultOf(schema, body);
  return fault === null ? null : `${method} ${pathname} took a body that is not described: ${fault}`;
};

export interface SeenAnswer {
  readonly status: number;
  /** The media type without parameters; null if there is no body. */
  readonly type: string | null;
  readonly body: unknown;
}

/** What an answer has that the document does not say; null if all is as described, or if the path is not in it. */
export const undescribed = (method: string, pathname: string, { status, type, body }: SeenAnswer): string | null => {
  const operation = operationAt(method, pathname);
  if (operation === undefined) return null;
  const at = `${method} ${pathname}: ${status}`;
  const { responses } = operation;
  const answer = isSchema(responses) ? responses[String(status)] : undefined;
  if (answer === undefined) return `${at} is not described: ${JSON.stringify(body)}`;
  if (type === null) return null;
  const schema = schemaFor(answer, type);
  if (schema === undefined) return `${at} is not described as ${type}`;
  if (!type.endsWith("json")) return null;
  const fault = faultOf(schema, body);
  return fault === null ? null : `${at} is not as described: ${fault}\n${JSON.stringify(body)}`;
};
