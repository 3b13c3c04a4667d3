import * as z from "zod";
import { parseWith } from "../domain/field-problems.ts";
import type { Result } from "../domain/result.ts";
import type { Call } from "./http.ts";
import { jsonBody } from "./json-body.ts";

/** A body that may be left out. */
export const optionalBody = <S extends z.ZodType>(call: Call, schema: S): Result<z.output<S>> => {
  const body = jsonBody(call, { emptyMeans: {} });
  return body.ok ? parseWith(schema, body.value) : body;
};

/** Where there is nothing to say: `{}` at most. */
export const nothingInput = z.strictObject({});
