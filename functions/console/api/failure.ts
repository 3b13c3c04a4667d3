import type { TextParams } from "../../domain/text-template.ts";

/** One invalid place in a request; `path` is a JSON Pointer (RFC 6901). `message` is English, for programs. */
export interface FieldFailure {
  readonly path: string;
  readonly code: string | null;
  readonly params: TextParams;
  readonly message: string;
}

/** A problem as the API returns it (RFC 9457), read leniently: whatever is missing is null or empty. */
export interface ApiProblem {
  readonly status: number;
  readonly code: string;
  readonly detail: string | null;
  readonly fields: readonly FieldFailure[];
  readonly requestId: string | null;
  readonly retryAfterS: number | null;
  /** With `redirect_uri_missing`: the exact URI to add in Google's console. */
  readonly redirectUri: string | null;
}

/** Why a call failed. `network`: no response. `unreadable`: the response is not the API's. `aborted`: we gave up. */
export type ApiFailure =
  | { readonly kind: "problem"; readonly problem: ApiProblem }
  | { readonly kind: "network" }
  | { readonly kind: "unreadable"; readonly status: number }
  | { readonly kind: "aborted" };

export type ApiResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: ApiFailure };

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

const paramsIn = (value: unknown): TextParams =>
  Object.fromEntries(
    Object.entries(isRecord(value) ? value : {}).flatMap(([name, given]) =>
      typeof given === "string" || typeof given === "number" ? [[name, given] as const] : [],
    ),
  );

export const fieldsIn = (value: unknown): readonly FieldFailure[] =>
  Array.isArray(value)
    ? value.flatMap((field: unknown) => {
        if (!isRecord(field)) return [];
        const path = field.path;
        const message = text(field.message);
        if (typeof path !== "string" || message === null) return [];
        return [{ path, code: text(field.code), params: paramsIn(field.params), message }];
      })
    : [];

/** `Retry-After` in seconds (RFC 9110 §10.2.3; Relais sends no dates there). */
const retryAfter = (header: string | null): number | null => {
  const seconds = header === null ? Number.NaN : Number.parseInt(header, 10);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : null;
};

/** Reads a response that is not 2xx; a body without a `code` did not come from the API. */
export const failureOf = (status: number, body: unknown, retryAfterHeader: string | null): ApiFailure => {
  const code = isRecord(body) ? text(body.code) : null;
  if (!isRecord(body) || code === null) return { kind: "unreadable", status };
  return {
    kind: "problem",
    problem: {
      status,
      code,
      detail: text(body.detail),
      fields: fieldsIn(body.fields),
      requestId: text(body.requestId),
      retryAfterS: retryAfter(retryAfterHeader),
      redirectUri: text(body.redirectUri),
    },
  };
};

export const codeOf = (failure: ApiFailure): string | null =>
  failure.kind === "problem" ? failure.problem.code : null;

/** What is wrong with one form control: the field itself or places inside it (`/fromFilter/2`). Null if nothing is. */
export const fieldFailures = (failure: ApiFailure | null, pointer: string): readonly FieldFailure[] | null => {
  if (failure?.kind !== "problem") return null;
  const found = failure.problem.fields.filter(({ path }) => path === pointer || path.startsWith(`${pointer}/`));
  return found.length === 0 ? null : found;
};

/** Field messages that belong to none of the form's controls, so that nothing the server said is lost. */
export const fieldsElsewhere = (failure: ApiFailure, pointers: readonly string[]): readonly FieldFailure[] =>
  failure.kind === "problem"
    ? failure.problem.fields.filter(
        ({ path }) => !pointers.some((pointer) => path === pointer || path.startsWith(`${pointer}/`)),
      )
    : [];
