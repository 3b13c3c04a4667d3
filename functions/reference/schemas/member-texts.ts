import { isSchema, type JsonSchema } from "./json-schema.ts";

export interface MemberText {
  readonly description: string;
  readonly examples?: readonly unknown[];
  /** Replaces what zod cannot say, such as the forms that a transform reads. */
  readonly schema?: JsonSchema;
  /** Other forms that a transform reads. */
  readonly alternatives?: readonly JsonSchema[];
  /** The members of an object, or of each object in a list. */
  readonly members?: MemberTexts;
}

export type MemberTexts = Readonly<Record<string, string | MemberText>>;

const asText = (text: string | MemberText): MemberText => (typeof text === "string" ? { description: text } : text);

const fail = (at: string, fault: string): never => {
  throw new Error(`${at} ${fault}`);
};

/** Describes the members within a member: of the object itself, or of a list's items. */
const withInner = (schema: JsonSchema, members: MemberTexts, at: string): JsonSchema =>
  isSchema(schema.items)
    ? { ...schema, items: withMemberTexts(schema.items, members, at) }
    : withMemberTexts(schema, members, at);

const describe = (schema: JsonSchema, text: MemberText, at: string): JsonSchema => {
  const { description, examples, schema: shape = schema, alternatives = [], members } = text;
  if (Object.keys(shape).length === 0) return fail(at, "has no schema: say in `schema` what it takes");
  const inner = members === undefined ? shape : withInner(shape, members, at);
  const forms = alternatives.length === 0 ? inner : { anyOf: [...alternatives, inner] };
  return { ...forms, description, ...(examples === undefined ? {} : { examples }) };
};

/** Adds a text to each member of an object. Throws if one has none, or if a text is about no member. */
export const withMemberTexts = (schema: JsonSchema, texts: MemberTexts, at: string): JsonSchema => {
  const properties = isSchema(schema.properties) ? schema.properties : {};
  const idle = Object.keys(texts).find((name) => !Object.hasOwn(properties, name));
  if (idle !== undefined) fail(`${at}.${idle}`, "is described, but is no member");
  const described = Object.entries(properties).map(([name, inner]) => {
    const text = texts[name] ?? fail(`${at}.${name}`, "has no description");
    return [name, describe(isSchema(inner) ? inner : {}, asText(text), `${at}.${name}`)];
  });
  return { ...schema, properties: Object.fromEntries(described) };
};
