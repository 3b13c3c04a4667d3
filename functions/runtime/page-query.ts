import { fieldProblem, jsonPointer } from "../domain/field-problems.ts";
import { instantInput } from "../domain/instant-input.ts";
import { type FieldProblem, invalidRequest } from "../domain/problem.ts";
import { fail, ok, type Result } from "../domain/result.ts";

export const DEFAULT_PAGE = 50;
export const LARGEST_PAGE = 200;

/** Problems with names in a query string: unknown ones, and those given more than once. */
export const unknownParameters = (query: URLSearchParams, known: readonly string[]): FieldProblem[] =>
  [...new Set(query.keys())].flatMap((name) => {
    if (!known.includes(name)) return [fieldProblem(jsonPointer([name]), "unknown_parameter")];
    return query.getAll(name).length > 1 ? [fieldProblem(jsonPointer([name]), "repeated_parameter")] : [];
  });

/** An offset whose plus sign was not encoded (`%2B`), so that the query's parser has read it as a blank. */
const LOST_PLUS = /(T[\d:.]+) (\d\d(?::?\d\d)?)$/i;

/** A time as it was meant; any other text is returned unchanged. No time has a blank, so nothing else can be meant. */
export const timeIn = (text: string): string => text.replace(LOST_PLUS, "$1+$2");

/** Reads an instant, in milliseconds; null if it is absent, or invalid and added to `problems`. */
export const instantIn = (query: URLSearchParams, name: string, problems: FieldProblem[]): number | null => {
  const given = query.get(name);
  const parsed = given === null ? null : instantInput.safeParse(timeIn(given));
  if (parsed?.success === false) problems.push(fieldProblem(`/${name}`, "not_time"));
  return parsed?.data ?? null;
};

const limitOf = (text: string | null): number | null => {
  if (text === null) return DEFAULT_PAGE;
  const limit = /^[0-9]{1,3}$/.test(text) ? Number(text) : 0;
  return limit >= 1 && limit <= LARGEST_PAGE ? limit : null;
};

export interface PageRequest {
  readonly limit: number;
  /** As the store gave it (`next`). To anything else, the store answers `"bad_cursor"`, which becomes `badCursor`. */
  readonly cursor: string | null;
}

/**
 * Reads `limit` (1 to 200, default 50) and `cursor` of a list; `others` names all other parameters that are allowed.
 */
export const parsePageRequest = (query: URLSearchParams, others: readonly string[] = []): Result<PageRequest> => {
  const problems = unknownParameters(query, ["limit", "cursor", ...others]);
  const limit = limitOf(query.get("limit"));
  if (limit === null) problems.push(fieldProblem("/limit", "out_of_range", { least: 1, most: LARGEST_PAGE }));
  return limit === null || problems.length > 0
    ? fail(invalidRequest(...problems))
    : ok({ limit, cursor: query.get("cursor") });
};

export const badCursor = invalidRequest(fieldProblem("/cursor", "not_a_cursor"));
