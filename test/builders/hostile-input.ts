import assert from "node:assert/strict";
import fc from "fast-check";
import { z } from "zod";
import { anyCharacter } from "./code-points.ts";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly enum?: readonly Json[];
  readonly const?: Json;
}

/** Strings that often break parsers: line ends, NUL, lone surrogates, prototypes, addresses, times, very long ones. */
const awkwardString = fc.oneof(
  fc.string(),
  fc.string({ unit: anyCharacter }),
  fc.constantFrom(
    ..."ada@example.com|Ada <ada@example.com>|@example.com|a\r\nBcc: x@y.z|\u0000|\u2028|\ud800|__proto__|constructor".split(
      "|",
    ),
    ..."2026-12-24T18:00:00+01:00|2026-02-30T00:00:00Z|9999999999-01-01|<a@b>|%00|../../etc/passwd|https://x.y/|{}|srv_x".split(
      "|",
    ),
    "é".repeat(70_000),
    "(".repeat(5_000),
    "QUJD",
  ),
);
const junk: fc.Arbitrary<Json> = fc.oneof(
  awkwardString,
  fc.constantFrom<Json>(null, true, -1, 0, 1.5, 1e308, 2 ** 53, "", [], {}, [[]], [null], { a: { b: { c: [] } } }),
  fc.jsonValue().map((value): Json => JSON.parse(JSON.stringify(value) ?? "null")),
);

const objectOf = (schema: JsonSchema): fc.Arbitrary<Json> => {
  const known = Object.entries(schema.properties ?? {}).map(([key, of]) =>
    fc.tuple(fc.constant(key), fc.option(arbitraryOf(of), { freq: 3 })),
  );
  const extra = fc.array(
    fc.tuple(fc.oneof({ weight: 9, arbitrary: fc.constant("") }, { weight: 1, arbitrary: awkwardString }), junk),
    {
      maxLength: 2,
    },
  );
  return fc.tuple(fc.tuple(...known), extra).map(([properties, more]) => {
    const made = new Map<string, Json>();
    for (const [key, value] of properties) if (value !== null) made.set(key, value);
    for (const [key, value] of more) if (key !== "") made.set(key, value);
    return Object.fromEntries(made);
  });
};

/** Mostly what the schema wants, sometimes anything at all. */
function arbitraryOf(schema: JsonSchema): fc.Arbitrary<Json> {
  return fc.oneof({ weight: 6, arbitrary: validFor(schema) }, { weight: 1, arbitrary: junk });
}
function validFor(schema: JsonSchema): fc.Arbitrary<Json> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (choices && choices.length > 0) return fc.oneof(...choices.map(arbitraryOf));
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === "object" || schema.properties) return objectOf(schema);
  if (type === "array") return fc.array(arbitraryOf(schema.items ?? {}), { maxLength: 5 });
  if (type === "integer" || type === "number")
    return fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }));
  if (type === "boolean") return fc.boolean();
  if (type === "string") return awkwardString;
  return junk;
}

/** Bodies for a zod schema, from nearly right to absurd. */
export const hostileBodies = (schema: z.ZodType): fc.Arbitrary<Json> => {
  const described: JsonSchema = JSON.parse(
    JSON.stringify(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" })),
  );
  return arbitraryOf(described);
};

/**
 * Variations of a sample: each part is mostly kept, but sometimes removed, replaced by anything, or joined by something
 * unknown. For inputs whose schema describes less than it checks.
 */
export const variationsOf = (sample: Json): fc.Arbitrary<Json> =>
  fc.oneof({ weight: 12, arbitrary: varyParts(sample) }, { weight: 1, arbitrary: junk });

const varyParts = (sample: Json): fc.Arbitrary<Json> => {
  if (Array.isArray(sample)) {
    return fc.tuple(...sample.map(variationsOf), fc.option(junk, { freq: 9 })).map((items) => {
      const more = items.pop();
      return more === null || more === undefined
        ? items.map((item) => item ?? null)
        : [...items.map((item) => item ?? null), more];
    });
  }
  if (typeof sample === "object" && sample !== null) {
    const parts = Object.entries(sample).map(([key, value]) =>
      fc.tuple(fc.constant(key), variationsOf(value), fc.nat(8)),
    );
    const extra = fc.option(fc.tuple(awkwardString, junk), { freq: 9 });
    return fc
      .tuple(fc.tuple(...parts), extra)
      .map(([kept, more]) =>
        Object.fromEntries([
          ...kept.filter(([, , chance]) => chance > 0).map(([key, value]): [string, Json] => [key, value]),
          ...(more === null ? [] : [more]),
        ]),
      );
  }
  return fc.constant(sample);
};

/** Whether a JSON Pointer names a place in `body`, or one that is missing from an object or array there. */
export const pointerExists = (body: unknown, pointer: string): boolean => {
  if (pointer === "") return true;
  if (!pointer.startsWith("/")) return false;
  const steps = pointer
    .slice(1)
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  let place: unknown = body;
  for (const [index, step] of steps.entries()) {
    if (typeof place !== "object" || place === null) return false;
    if (!Object.hasOwn(place, step)) return index === steps.length - 1;
    place = Object.entries(place).find(([key]) => key === step)?.[1];
  }
  return true;
};

const STACK = /(\\n|\n)\s+at |node_modules|node:internal|file:\/\//;

/** What an answer to bad input is judged by. */
export interface AnswerToInput {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

/**
 * What every answer to bad input must be: below 500 (501 for what does not exist yet), problem+json with a code if it
 * refuses, with fields that name existing places, and never a stack trace.
 */
export const assertProperAnswer = ({ status, contentType, text }: AnswerToInput, sent: unknown): void => {
  assert.ok(status < 500 || status === 501, `status ${status}: ${text.slice(0, 500)}`);
  assert.doesNotMatch(text, STACK);
  if (status < 400) return;
  assert.match(contentType, /^application\/problem\+json/, text.slice(0, 200));
  const problem: { code?: unknown; status?: unknown; fields?: readonly { path: string; message: string }[] } =
    JSON.parse(text);
  assert.equal(problem.status, status);
  assert.equal(typeof problem.code, "string");
  for (const field of problem.fields ?? []) {
    assert.ok(pointerExists(sent, field.path), `no such place: ${field.path}`);
    assert.notEqual(field.message, "");
  }
};
