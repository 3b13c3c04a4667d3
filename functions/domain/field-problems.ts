import type { z } from "zod";
import { type FieldCode, type FieldParams, fieldText, isFieldCode } from "./field-texts.ts";
import { type FieldProblem, invalidRequest } from "./problem.ts";
import { fail, ok, type Result } from "./result.ts";
import type { TextParams } from "./text-template.ts";

/** A name longer than this was not written by anybody who wants to find it again. */
const LONGEST_STEP = 100;

const shortened = (step: string): string => (step.length <= LONGEST_STEP ? step : `${step.slice(0, LONGEST_STEP)}…`);

/** A JSON Pointer (RFC 6901 §3) to a place in a body, long names cut short; the empty one is the whole body. */
export const jsonPointer = (path: readonly PropertyKey[]): string =>
  path.map((step) => `/${shortened(String(step)).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

/** Code and parameters of a text, before its place is known. */
interface Saying {
  readonly code: FieldCode;
  readonly params?: TextParams;
}

const problemAt = (path: string, { code, params }: Saying): FieldProblem => ({
  path,
  code,
  ...(params === undefined ? {} : { params }),
  message: fieldText(code, "en", params),
});

/** One invalid place, `path` a JSON Pointer: `fieldProblem("/to", "too_many_recipients", { most: 100 })`. */
export const fieldProblem = <C extends FieldCode>(path: string, code: C, ...[params]: FieldParams<C>): FieldProblem =>
  problemAt(path, params === undefined ? { code } : { code, params });

const MARK = "field:";

/**
 * The message to give a zod schema, since a string is all that zod carries: `.refine(isOneLine, says("not_one_line"))`. Schemas need none for
 * types, lengths, ranges and lists of values: zod's own issues say enough.
 */
export const says = <C extends FieldCode>(code: C, ...[params]: FieldParams<C>): string =>
  `${MARK}${JSON.stringify(params === undefined ? { code } : { code, params })}`;

const isParams = (value: unknown): value is TextParams => typeof value === "object" && value !== null;

const readSaying = (message: string): Saying | undefined => {
  if (!message.startsWith(MARK)) return undefined;
  const { code, params }: { code: string; params?: unknown } = JSON.parse(message.slice(MARK.length));
  if (!isFieldCode(code)) return undefined;
  return isParams(params) ? { code, params } : { code };
};

type Issue = z.core.$ZodIssue;

const TYPE_CODES: Readonly<Record<string, FieldCode>> = {
  string: "not_text",
  number: "not_whole_number",
  int: "not_whole_number",
  boolean: "not_boolean",
  array: "not_list",
  object: "not_object",
  record: "not_object",
};

const tooBig = ({ origin, maximum }: Extract<Issue, { code: "too_big" }>): Saying => {
  const params = { most: Number(maximum) };
  if (origin === "string") return { code: "too_long", params };
  return { code: origin === "array" ? "too_many_entries" : "too_high", params };
};

const tooSmall = ({ origin, minimum }: Extract<Issue, { code: "too_small" }>): Saying => {
  const least = Number(minimum);
  if (origin === "array") return { code: "empty_list" };
  if (origin === "string") return least === 1 ? { code: "required" } : { code: "too_short", params: { least } };
  return { code: "too_low", params: { least } };
};

/** zod's own issues (zod.dev/error-customization) as codes. A missing member has no input: `parseWith` asks zod to report it. */
const sayingOf = (issue: Issue): Saying => {
  switch (issue.code) {
    case "invalid_type":
      return { code: issue.input === undefined ? "required" : (TYPE_CODES[issue.expected] ?? "invalid") };
    case "too_big":
      return tooBig(issue);
    case "too_small":
      return tooSmall(issue);
    case "invalid_value":
      return { code: "not_one_of", params: { values: issue.values.map(String).join(", ") } };
    default:
      return { code: "invalid" };
  }
};

/** No caller reads more invalid places than this, and a body of a few MiB can hold a hundred thousand. */
const MOST_PROBLEMS = 100;

const problemsOf = (issue: Issue, at: readonly PropertyKey[]): FieldProblem[] => {
  const place = [...at, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    const keys = issue.keys.slice(0, MOST_PROBLEMS);
    return keys.map((key) => fieldProblem(jsonPointer([...place, key]), "unknown_field"));
  }
  if (issue.code === "invalid_union") {
    // A schema lists its special cases first: the last one is what most callers meant.
    return (issue.errors.at(-1) ?? []).flatMap((one) => problemsOf(one, place));
  }
  // A sentence in the schema itself would exist in one language alone: without a code it says no more than `invalid`.
  return [problemAt(jsonPointer(place), readSaying(issue.message) ?? sayingOf(issue))];
};

/** What a schema found wrong, one entry a place: each unknown member is named itself, not only the object around it. 100 places at most. */
export const fieldProblems = (error: z.ZodError, at: readonly PropertyKey[] = []): FieldProblem[] =>
  error.issues
    .slice(0, MOST_PROBLEMS)
    .flatMap((issue) => problemsOf(issue, at))
    .slice(0, MOST_PROBLEMS);

/** Parses a body by a schema: the value, or `invalid_request` with the invalid places. `at`: where the body stands in the whole request. */
export const parseWith = <S extends z.ZodType>(
  schema: S,
  body: unknown,
  at: readonly PropertyKey[] = [],
): Result<z.output<S>> => {
  const parsed = schema.safeParse(body, { reportInput: true });
  return parsed.success ? ok(parsed.data) : fail(invalidRequest(...fieldProblems(parsed.error, at)));
};
