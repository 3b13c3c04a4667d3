import type { z } from "zod";
import { type FieldProblem, invalidRequest } from "./problem.ts";
import { fail, ok, type Result } from "./result.ts";

/** A JSON Pointer (RFC 6901 §3) to a place in a body; the empty one is the whole body. */
export const jsonPointer = (path: readonly PropertyKey[]): string =>
  path.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

/** What a schema found wrong, one entry a place: each unknown member is named itself, not only the object around it. */
export const fieldProblems = (error: z.ZodError, at: readonly PropertyKey[] = []): FieldProblem[] =>
  error.issues.flatMap((issue) => {
    const place = [...at, ...issue.path];
    return issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => ({ path: jsonPointer([...place, key]), message: "is not known here" }))
      : [{ path: jsonPointer(place), message: issue.message }];
  });

/** Parses a body by a schema: the value, or `invalid_request` with every invalid place. */
export const parseWith = <S extends z.ZodType>(schema: S, body: unknown): Result<z.output<S>> => {
  const parsed = schema.safeParse(body);
  return parsed.success ? ok(parsed.data) : fail(invalidRequest(...fieldProblems(parsed.error)));
};
