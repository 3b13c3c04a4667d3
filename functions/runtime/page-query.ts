import { fieldProblem, jsonPointer } from "../domain/field-problems.ts";
import { type FieldProblem, invalidRequest } from "../domain/problem.ts";
import { fail, ok, type Result } from "../domain/result.ts";

export const DEFAULT_PAGE = 50;
export const LARGEST_PAGE = 200;

/** Problems with the names in a query string: those nobody knows, and those given more than once. */
export const unknownParameters = (query: URLSearchParams, known: readonly string[]): FieldProblem[] =>
  [...new Set(query.keys())].flatMap((name) => {
    if (!known.includes(name)) return [fieldProblem(jsonPointer([name]), "unknown_parameter")];
    return query.getAll(name).length > 1 ? [fieldProblem(jsonPointer([name]), "repeated_parameter")] : [];
  });

const limitOf = (text: string | null): number | null => {
  if (text === null) return DEFAULT_PAGE;
  const limit = /^[0-9]{1,3}$/.test(text) ? Number(text) : 0;
  return limit >= 1 && limit <= LARGEST_PAGE ? limit : null;
};

export interface PageRequest {
  readonly limit: number;
  /** As the store gave it (`next`); the store answers `"bad_cursor"` to anything else: hand that on as `badCursor`. */
  readonly cursor: string | null;
}

/** `limit` (1 to 200, else 50) and `cursor` of a list; every other parameter must be named in `others`. */
export const pageRequest = (query: URLSearchParams, others: readonly string[] = []): Result<PageRequest> => {
  const problems = unknownParameters(query, ["limit", "cursor", ...others]);
  const limit = limitOf(query.get("limit"));
  if (limit === null) problems.push(fieldProblem("/limit", "out_of_range", { least: 1, most: LARGEST_PAGE }));
  return limit === null || problems.length > 0
    ? fail(invalidRequest(...problems))
    : ok({ limit, cursor: query.get("cursor") });
};

export const badCursor = invalidRequest(fieldProblem("/cursor", "not_a_cursor"));
