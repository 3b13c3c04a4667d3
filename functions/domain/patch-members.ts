import { isDeepStrictEqual } from "node:util";
import { fieldProblem, jsonPointer } from "./field-problems.ts";
import { type FieldProblem, invalidRequest } from "./problem.ts";
import { fail, ok, type Result } from "./result.ts";

export type Members = Readonly<Record<string, unknown>>;

/** The members of a merge patch; `invalid_request` if it is not an object. */
export const patchMembers = (patch: unknown): Result<Members> =>
  typeof patch === "object" && patch !== null && !Array.isArray(patch)
    ? ok(Object.fromEntries(Object.entries(patch)))
    : fail(invalidRequest(fieldProblem("", "not_object")));

/**
 * Finds the unknown members of a patch, or of an object in it. They are sought in the patch itself because an unknown
 * member whose value is null leaves no trace in the merged record.
 */
export const unknownNames = (members: Members, known: object, at: readonly string[] = []): readonly FieldProblem[] =>
  Object.keys(members)
    .filter((name) => !Object.hasOwn(known, name))
    .map((name) => fieldProblem(jsonPointer([...at, name]), "unknown_field"));

/** The names of the members that a change has altered, for the audit. */
export const changedMembers = (before: object, after: object): string[] => {
  const from = new Map<string, unknown>(Object.entries(before));
  return Object.entries(after)
    .filter(([name, value]) => !isDeepStrictEqual(from.get(name), value))
    .map(([name]) => name);
};
