import * as z from "zod";
import { says } from "../../field-problems.ts";

/**
 * Guards a schema, so that a request of a few MiB cannot make millions of problems: what is too long is refused before
 * its parts are checked.
 */

const MOST_MEMBERS = 100;

/** A transform, so that the API's description shows the schema behind it: `z.unknown()` would hide it. */
const guarded = (isFine: (value: unknown) => boolean, message: string) =>
  z.transform((value: unknown, ctx) => {
    if (!isFine(value)) ctx.issues.push({ code: "custom", input: value, message });
    return value;
  });

/** An array of at most `most` items. */
export const listOf = <S extends z.ZodType>(item: S, most: number) =>
  guarded((value) => !Array.isArray(value) || value.length <= most, says("too_many_entries", { most })).pipe(
    z.array(item),
  );

/** An object with few enough members to check each of them. */
export const bounded = <S extends z.ZodType>(schema: S) =>
  guarded(
    (value) => typeof value !== "object" || value === null || Object.keys(value).length <= MOST_MEMBERS,
    says("too_many_fields"),
  ).pipe(schema);
