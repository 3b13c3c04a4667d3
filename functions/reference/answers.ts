import type { ProblemCode } from "../domain/problem.ts";
import { problemText } from "../domain/problem-texts.ts";
import type { Route } from "../runtime/http.ts";
import { HTTP_PROBLEMS } from "../runtime/problem-json.ts";
import type { Content, Operation } from "./operations/operation.ts";
import { type JsonSchema, ref } from "./schemas/json-schema.ts";

type Code = ProblemCode | "internal_error";

export const changesState = ({ method }: Pick<Route, "method">): boolean => method !== "GET";

const hasBody = ({ method }: Route): boolean => method === "POST" || method === "PUT" || method === "PATCH";

const takesJson = ({ body }: Operation): boolean =>
  Object.keys(body?.content ?? {}).some((type) => type.endsWith("json"));

/** What can be wrong with any body, before the route's own schema reads it. */
const bodyProblems = (route: Route, operation: Operation): readonly Code[] => {
  const tooLarge = route.tooLarge?.kind === "problem" ? route.tooLarge.problem.code : "request_too_large";
  const always: readonly Code[] = ["unsupported_media_type", tooLarge, "request_timeout", "overloaded"];
  return takesJson(operation) ? [...always, "invalid_json", "invalid_request"] : always;
};

/** The problems that a route has because of what it is. */
const problemsByKind = (route: Route, operation: Operation): readonly Code[] => [
  "malformed_request",
  "headers_too_large",
  "internal_error",
  "unavailable",
  "no_answer_in_time",
  ...(route.access === "public" ? [] : (["unauthenticated", "google_unavailable"] as const)),
  ...(route.access === "people" || route.access === "operators" || route.forbids ? (["forbidden"] as const) : []),
  ...(changesState(route) ? (["contended"] as const) : []),
  ...(changesState(route) && route.access !== "public" ? (["csrf"] as const) : []),
  ...(hasBody(route) ? bodyProblems(route, operation) : []),
];

/** Every problem of an operation, each once. */
export const problemsOf = (route: Route, operation: Operation): readonly Code[] => [
  ...new Set([...operation.problems, ...problemsByKind(route, operation)]),
];

export const statusOf = (code: Code): number => (code === "internal_error" ? 500 : HTTP_PROBLEMS[code].status);

const pascal = (code: string): string =>
  code
    .split("_")
    .map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`)
    .join("");

const explain = (code: Code): string => `\`${code}\`: ${problemText(code, "en").title}.`;

/** Answers with the same problems are one component, named after them. */
export interface ProblemAnswer {
  readonly name: string;
  readonly answer: JsonSchema;
}

const problemAnswer = (codes: readonly Code[]): ProblemAnswer => ({
  name: codes.map(pascal).join("Or"),
  answer: {
    description: codes.map(explain).join("\n\n"),
    headers: {
      "X-Request-Id": { $ref: "#/components/headers/RequestId" },
      ...(codes.some((code) => ["unavailable", "contended", "overloaded", "google_unavailable"].includes(code))
        ? { "Retry-After": { $ref: "#/components/headers/RetryAfter" } }
        : {}),
    },
    content: {
      "application/problem+json": {
        schema: { allOf: [ref("Problem"), { type: "object", properties: { code: { enum: codes } } }] },
      },
    },
  },
});

const CATALOGUE: readonly string[] = [...Object.keys(HTTP_PROBLEMS), "internal_error"];

/** Groups codes by their status, each group in the order of the catalogue. */
const byStatus = (codes: readonly Code[]): ReadonlyMap<number, readonly Code[]> =>
  Map.groupBy(
    codes.toSorted((a, b) => CATALOGUE.indexOf(a) - CATALOGUE.indexOf(b)),
    statusOf,
  );

/** The answers of an operation that are problems, by status. */
export const problemAnswers = (route: Route, operation: Operation): ReadonlyMap<number, ProblemAnswer> =>
  new Map([...byStatus(problemsOf(route, operation))].map(([status, codes]) => [status, problemAnswer(codes)]));

const PAGE = { "text/html": { schema: { type: "string" } } };

const pageAnswer = (codes: readonly Code[]): JsonSchema => ({
  description: codes.map(explain).join("\n\n"),
  headers: {
    "X-Request-Id": { $ref: "#/components/headers/RequestId" },
    "X-Relais-Problem": { $ref: "#/components/headers/RelaisProblem" },
  },
  content: PAGE,
});

/** A status that is a page for one problem and problem details for another, or either for the same. */
const pageOrProblem = (pages: readonly Code[], problems: readonly Code[]): JsonSchema => {
  const { answer } = problemAnswer([...new Set([...pages, ...problems])]);
  const { answer: details } = problemAnswer(problems);
  return {
    ...answer,
    headers: { ...Object(answer.headers), ...Object(pageAnswer(pages).headers) },
    content: { ...Object(details.content), ...PAGE },
  };
};

/** What an operation shows as a page for people, by status; the problems of the same status are there too. */
export const pageAnswers = (route: Route, operation: Operation): ReadonlyMap<number, JsonSchema> => {
  const problems = byStatus(problemsOf(route, operation));
  return new Map(
    [...byStatus(operation.pages ?? [])].map(([status, codes]) => {
      const others = problems.get(status);
      return [status, others === undefined ? pageAnswer(codes) : pageOrProblem(codes, others)];
    }),
  );
};

const schemaOf = (schema: Content["schema"]): JsonSchema => {
  if (typeof schema === "string") return ref(schema);
  return isNames(schema) ? { anyOf: schema.map(ref) } : schema;
};

const isNames = (schema: readonly string[] | JsonSchema): schema is readonly string[] => Array.isArray(schema);

const examplesOf = (examples: NonNullable<Content["examples"]>): JsonSchema =>
  Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }]));

export const contentOf = (content: Readonly<Record<string, Content>>): JsonSchema =>
  Object.fromEntries(
    Object.entries(content).map(([type, { schema, examples }]) => [
      type,
      { schema: schemaOf(schema), ...(examples === undefined ? {} : { examples: examplesOf(examples) }) },
    ]),
  );
