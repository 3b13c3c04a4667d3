import * as z from "zod";

/** A schema object of OpenAPI 3.1, which is JSON Schema 2020-12. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

export const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Rebuilds a schema from the leaves up. */
const mapSchemas = (value: unknown, change: (schema: JsonSchema) => JsonSchema): unknown => {
  if (Array.isArray(value)) return value.map((item) => mapSchemas(item, change));
  if (!isSchema(value)) return value;
  return change(Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, mapSchemas(inner, change)])));
};

const isNever = (schema: unknown): boolean => isSchema(schema) && isSchema(schema.not);

/** A member that is always refused only has a better message for it; `additionalProperties` refuses it as well. */
const withoutRefused = (schema: JsonSchema): JsonSchema => {
  if (!isSchema(schema.properties)) return schema;
  const kept = Object.entries(schema.properties).filter(([, inner]) => !isNever(inner));
  return { ...schema, properties: Object.fromEntries(kept) };
};

/** Writes "or null" in the shortest way, which people read and generators understand. */
const withPlainNull = (schema: JsonSchema): JsonSchema => {
  const { anyOf, ...rest } = schema;
  if (!Array.isArray(anyOf) || anyOf.length !== 2) return schema;
  const [given, empty] = anyOf;
  if (!isSchema(given) || !isSchema(empty) || empty.type !== "null" || typeof given.type !== "string") return schema;
  const values = Array.isArray(given.enum) ? { enum: [...given.enum, null] } : {};
  return { ...given, ...values, type: [given.type, "null"], ...rest };
};

const SAFE: readonly unknown[] = [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];

/**
 * Leaves out what tells a caller nothing: the range of JavaScript's integers, and names that are always text. Patterns
 * with Unicode classes go too, because the engines of other languages do not read them.
 */
const withoutNoise = ({ $schema: _, $id: __, ...schema }: JsonSchema): JsonSchema =>
  Object.fromEntries(
    Object.entries(schema).filter(
      ([keyword, value]) =>
        !((keyword === "minimum" || keyword === "maximum") && SAFE.includes(value)) &&
        !(keyword === "pattern" && String(value).includes("\\p{")) &&
        !(keyword === "propertyNames" && isSchema(value) && Object.keys(value).length === 1),
    ),
  );

const tidy = (schema: JsonSchema): JsonSchema => withPlainNull(withoutRefused(withoutNoise(schema)));

const asSchema = (value: unknown): JsonSchema => (isSchema(value) ? value : {});

/** The JSON that a request may hold, from the schema by which it is parsed. */
export const requestSchema = (schema: z.ZodType): JsonSchema =>
  asSchema(mapSchemas(z.toJSONSchema(schema, { io: "input", reused: "inline" }), tidy));

/** A later release may add members to an answer, and a client must not refuse them. */
const open = (schema: JsonSchema): JsonSchema => {
  const { additionalProperties, ...rest } = schema;
  return additionalProperties === false ? rest : schema;
};

export const COMPONENTS = "#/components/schemas/";

export const ref = (id: string): JsonSchema => ({ $ref: `${COMPONENTS}${id}` });

/** The schemas of answers by their names, which refer to each other. */
export const answerSchemas = (views: Readonly<Record<string, z.ZodType>>): Readonly<Record<string, JsonSchema>> => {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(views)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { io: "output", uri: (id) => `${COMPONENTS}${id}` });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, schema]) => [id, asSchema(mapSchemas(schema, (inner) => open(tidy(inner))))]),
  );
};
