import type { z } from "zod";
import { type FieldCode, type FieldParams, fieldText, isFieldCode } from "./field-texts.ts";
import { type FieldProblem, invalidRequest } from "./problem.ts";
import { fail, ok, type Result } from "./result.ts";
import type { TextParams } from "./text-template.ts";

/** Longer member names are cut in pointers: no caller wrote one by hand. */
const LONGEST_STEP = 100;

const shortened = (step: string): string => (step.length <= LONGEST_STEP ? step : `${step.slice(0, LONGEST_STEP)}…`);

/** A JSON Pointer (RFC 6901 §3) into a body, with long names cut; the empty pointer means the whole body. */
export const jsonPointer = (path: readonly PropertyKey[]): string =>
  path.map((step) => `/${shortened(String(step)).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

/** The code and parameters of a field's text, before its place is known. */
interface FieldMessage {
  readonly code: FieldCode;
  readonly params?: TextParams;
}

const problemAt = (path: string, { code, params }: FieldMessage): FieldProblem => ({
  path,
  code,
  ...(params === undefined ? {} : { params }),
  message: fieldText(code, "en", params),
});

/** Describes one invalid place by its JSON Pointer: `fieldProblem("/to", "too_many_recipients", { most: 100 })`. */
export const fieldProblem = <C extends FieldCode>(path: string, code: C, ...[params]: FieldParams<C>): FieldProblem =>
  problemAt(path, params === undefined ? { code } : { code, params });

const MARK = "field:";

/**
 * Encodes a code as the message of a zod check, because zod carries only a string: `.refine(isOneLine,
 * says("not_one_line"))`. Types, lengths, ranges and lists of values need none: zod's own issues say enough.
 */
export const says = <C extends FieldCode>(code: C, ...[params]: FieldParams<C>): string =>
  `${MARK}${JSON.stringify(params === undefined ? { code } : { code, params })}`;

const isParams = (value: unknown): value is TextParams => typeof value === "object" && value !== null;

const decodeMessage = (message: string): FieldMessage | undefined => {
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

const tooBig = ({ origin, maximum }: Extract<Issue, { code: "too_big" }>): FieldMessage => {
  const params = { most: Number(maximum) };
  if (origin === "string") return { code: "too_long", params };
  return { code: origin === "array" ? "too_many_entries" : "too_high", params };
};

const tooSmall = ({ origin, minimum }: Extract<Issue, { code: "too_small" }>): FieldMessage => {
  const least = Number(minimum);
  if (origin === "array") return { code: "empty_list" };
  if (origin === "string") return least === 1 ? { code: "required" } : { code: "too_short", params: { least } };
  return { code: "too_low", params: { least } };
};

/** Translates zod's own issues (zod.dev/error-customization). The reported input of a missing member is undefined. */
const messageOf = (issue: Issue): FieldMessage => {
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

/** A body of a few MiB can have a hundred thousand invalid places, and no caller reads more than this many. */
const MOST_PROBLEMS = 100;

const problemsOf = (issue: Issue, at: readonly PropertyKey[]): FieldProblem[] => {
  const place = [...at, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    const keys = issue.keys.slice(0, MOST_PROBLEMS);
    return keys.map((key) => fieldProblem(jsonPointer([...place, key]), "unknown_field"));
  }
  if (issue.code === "invalid_union") {
    // Schemas list their special cases first, so most callers meant the last one.
    return (issue.errors.at(-1) ?? []).flatMap((one) => problemsOf(one, place));
  }
  // A message without a code exists in one language only, so it is replaced by a general code.
  return [problemAt(jsonPointer(place), decodeMessage(issue.message) ?? messageOf(issue))];
};

/** Lists what a schema found wrong, at most 100 places. Unknown members each have an entry of their own. */
export const fieldProblems = (error: z.ZodError, at: readonly PropertyKey[] = []): FieldProblem[] =>
  error.issues
    .slice(0, MOST_PROBLEMS)
    .flatMap((issue) => problemsOf(issue, at))
    .slice(0, MOST_PROBLEMS);

/** Parses a body by a schema, or fails with `invalid_request`. `at` is the place of the body within the request. */
export const parseWith = <S extends z.ZodType>(
  schema: S,
  body: unknown,
  at: readonly PropertyKey[] = [],
): Result<z.output<S>> => {
  const parsed = schema.safeParse(body, { reportInput: true });
  return parsed.success ? ok(parsed.data) : fail(invalidRequest(...fieldProblems(parsed.error, at)));
};
