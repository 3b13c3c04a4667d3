import * as z from "zod";
import { parseWith } from "../domain/field-problems.ts";
import type { Result } from "../domain/result.ts";
import type { Call } from "./http.ts";
import { parseJsonBody } from "./json-body.ts";

/** Parses a body that may be absent. */
export const parseOptionalBody = <S extends z.ZodType>(call: Call, schema: S): Result<z.output<S>> => {
  const body = parseJsonBody(call, { emptyMeans: {} });
  return body.ok ? parseWith(schema, body.value) : body;
};

/** For requests without input, which may send `{}`. */
export const emptyInput = z.strictObject({});
