import * as z from "zod";
import { says } from "../../field-problems.ts";

/** Guards before a schema, so that no request of a few MiB makes millions of problems: what is too long is refused before its parts are looked at. */

const MOST_MEMBERS = 100;

/** An array of at most so many items. */
export const listOf = <S extends z.ZodType>(item: S, most: number) =>
  z
    .unknown()
    .refine((value) => !Array.isArray(value) || value.length <= most, says("too_many_entries", { most }))
    .pipe(z.array(item));

/** An object that may be judged member by member. */
export const bounded = <S extends z.ZodType>(schema: S) =>
  z
    .unknown()
    .refine(
      (value) => typeof value !== "object" || value === null || Object.keys(value).length <= MOST_MEMBERS,
      says("too_many_fields"),
    )
    .pipe(schema);
