import { detail } from "../domain/detail-texts.ts";
import { fieldProblem } from "../domain/field-problems.ts";
import { invalidRequest, type Problem } from "../domain/problem.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { type JsonExcess, jsonScan, MOST_JSON_VALUES } from "./json-scan.ts";

const EXCESSES: Readonly<Record<JsonExcess, Problem>> = {
  too_many_values: invalidRequest(fieldProblem("", "too_many_values", { most: MOST_JSON_VALUES })),
  too_deep: { code: "invalid_json", detail: detail("too_deep") },
};

export const excessProblem = (excess: JsonExcess): Problem => EXCESSES[excess];

/**
 * Parses bytes as JSON. `invalid_json` if they are not JSON, not UTF-8, empty, or nested deeper than 64 levels;
 * `invalid_request` for more than 200,000 values. A byte order mark is skipped (RFC 8259 §8.1 allows it), and the last
 * of duplicate keys wins, as in JSON.parse.
 */
export const parseJson = (bytes: Buffer): Result<unknown> => {
  const excess = jsonScan()(bytes);
  if (excess !== null) return fail(excessProblem(excess));
  try {
    return ok(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch {
    return fail<Problem>({ code: "invalid_json", detail: detail("not_json") });
  }
};
