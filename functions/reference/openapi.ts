import { DEFAULT_BODY } from "../runtime/body.ts";
import type { Route, RouteAccess } from "../runtime/http.ts";
import { changesState, contentOf, pageAnswers, problemAnswers } from "./answers.ts";
import { OPERATIONS } from "./operations/every-operation.ts";
import type { Operation, OperationAnswer } from "./operations/operation.ts";
import { HEADERS, OVERVIEW, PARAMETERS, TAGS } from "./overview.ts";
import { ACCESS_VIEWS } from "./schemas/access-views.ts";
import { EVENT_TYPES, EVENT_VIEWS, EVENTS, eventSchemaName } from "./schemas/events.ts";
import { answerSchemas, type JsonSchema, ref } from "./schemas/json-schema.ts";
import { MESSAGE_VIEWS } from "./schemas/message-views.ts";
import { REQUESTS } from "./schemas/requests.ts";
import { SERVER_VIEWS } from "./schemas/server-views.ts";

export const operationKey = ({ method, path }: Pick<Route, "method" | "path">): string => `${method} ${path}`;

/** `/v1/messages/:id` as OpenAPI writes it. */
export const templateOf = (path: string): string => path.replaceAll(/:(\w+)/g, "{$1}");

type Requirement = Readonly<Record<string, readonly string[]>>;

/** A browser's session needs the CSRF header as well, unless the browser says that the request is our own page's. */
const sessionRequirements = (route: Route, roles: readonly string[]): readonly Requirement[] =>
  changesState(route) ? [{ session: roles }, { session: roles, csrf: [] }] : [{ session: roles }];

const PEOPLE: Readonly<Record<RouteAccess, readonly string[]>> = {
  public: [],
  programs: [],
  people: [],
  operators: ["operator"],
};

const securityOf = (route: Route, { permission }: Operation): readonly Requirement[] => {
  if (route.access === "public") return [];
  const people = [{ setupToken: [] }, ...sessionRequirements(route, PEOPLE[route.access])];
  if (route.access !== "programs") return people;
  return [{ key: permission === undefined ? [] : [permission] }, { idToken: [] }, ...people];
};

const pathParameters = (path: string): readonly JsonSchema[] =>
  [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    description: "The record’s id.",
    schema: { type: "string" },
  }));

const queryParameters = ({ query = {} }: Operation): readonly JsonSchema[] =>
  Object.entries(query).map(([name, { description, schema, example, required }]) => ({
    name,
    in: "query",
    description,
    ...(required ? { required } : {}),
    schema,
    ...(example === undefined ? {} : { example }),
  }));

const parametersOf = (route: Route, operation: Operation): readonly JsonSchema[] => [
  ...pathParameters(route.path),
  ...queryParameters(operation),
  ...(operation.parameters ?? []).map((name) => ({ $ref: `#/components/parameters/${name}` })),
];

const answerOf = ({ description, content, headers = [] }: OperationAnswer): JsonSchema => ({
  description,
  headers: Object.fromEntries(
    (["RequestId", ...headers] as const).map((id) => [HEADERS[id].name, { $ref: `#/components/headers/${id}` }]),
  ),
  ...(content === undefined ? {} : { content: contentOf(content) }),
});

const responsesOf = (route: Route, operation: Operation): JsonSchema => {
  const problems = [...problemAnswers(route, operation)].map(
    ([status, { name }]) => [String(status), { $ref: `#/components/responses/${name}` }] as const,
  );
  const pages = [...pageAnswers(route, operation)].map(([status, answer]) => [String(status), answer] as const);
  const answers = Object.entries(operation.answers).map(([status, answer]) => [status, answerOf(answer)] as const);
  return Object.fromEntries([...problems, ...pages, ...answers]);
};

const limitText = ({ bodyLimit = DEFAULT_BODY }: Route): string =>
  bodyLimit >= 1024 * 1024 ? `${bodyLimit / 1024 / 1024} MiB` : `${bodyLimit / 1024} KiB`;

const bodyOf = (route: Route, { body }: Operation): JsonSchema =>
  body === undefined
    ? {}
    : {
        requestBody: {
          description: `At most ${limitText(route)}.`,
          required: body.optional === undefined,
          content: contentOf(body.content),
        },
      };

const operationOf = (route: Route, operation: Operation): JsonSchema => ({
  operationId: operation.id,
  tags: [operation.tag],
  summary: operation.title.en,
  description: operation.description,
  security: securityOf(route, operation),
  parameters: parametersOf(route, operation),
  ...bodyOf(route, operation),
  responses: responsesOf(route, operation),
});

const described = (route: Route): Operation => {
  const operation = OPERATIONS[operationKey(route)];
  if (operation === undefined)
    throw new Error(`${operationKey(route)} is not described in functions/reference/operations`);
  return operation;
};

const pathsOf = (routes: readonly Route[]): JsonSchema =>
  Object.fromEntries(
    [...Map.groupBy(routes, ({ path }) => templateOf(path))].map(([path, ofPath]) => [
      path,
      Object.fromEntries(ofPath.map((route) => [route.method.toLowerCase(), operationOf(route, described(route))])),
    ]),
  );

/** The answers that are problem details alone; others stand at their operation. */
const responseComponents = (routes: readonly Route[]): JsonSchema =>
  Object.fromEntries(
    routes.flatMap((route) => {
      const pages = pageAnswers(route, described(route));
      const answers = [...problemAnswers(route, described(route))].filter(([status]) => !pages.has(status));
      return answers.map(([, { name, answer }]) => [name, answer]);
    }),
  );

const SECURITY_SCHEMES = {
  key: { type: "http", scheme: "bearer", bearerFormat: "rk_<id>_<secret>", description: "A key of a program." },
  idToken: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "A Google-signed ID token of a service account among the callers; its audience is this address.",
  },
  setupToken: {
    type: "http",
    scheme: "bearer",
    description:
      "The setup token of the installation, which acts as an operator until the first one signs in with Google.",
  },
  session: { type: "apiKey", in: "cookie", name: "__session", description: "A browser’s session." },
  csrf: {
    type: "apiKey",
    in: "header",
    name: "X-Relais-CSRF",
    description: "The value of `csrf` in `GET /v1/session`. Not needed with `Sec-Fetch-Site: same-origin`.",
  },
};

const named = (parts: Readonly<Record<string, { readonly name: string } & object>>): JsonSchema =>
  Object.fromEntries(Object.entries(parts).map(([id, { name: _, ...part }]) => [id, part]));

const webhooks = (): JsonSchema =>
  Object.fromEntries(
    EVENT_TYPES.map((type) => [
      type,
      {
        post: {
          operationId: eventSchemaName(type),
          summary: EVENTS[type].description,
          description:
            "A CloudEvent on the Pub/Sub topic `mail-events`. A push subscription with an unwrapped payload posts it like this. It comes at least once, and the order is not promised: the record is the truth.",
          security: [],
          requestBody: {
            required: true,
            content: { "application/cloudevents+json": { schema: ref(eventSchemaName(type)) } },
          },
          responses: {
            "204": { description: "It is taken." },
            "4XX": { description: "It is not, and Pub/Sub delivers it again." },
          },
        },
      },
    ]),
  );

/** The description of the API (OpenAPI 3.1) for these routes. Throws if one of them is not described. */
export const openApiDocument = (routes: readonly Route[], version: string): JsonSchema => ({
  openapi: "3.1.0",
  info: {
    title: "Relais",
    version,
    description: OVERVIEW,
    license: { name: "Apache 2.0", identifier: "Apache-2.0" },
  },
  servers: [{ url: "/", description: "This installation" }],
  tags: Object.entries(TAGS).map(([name, { title, description }]) => ({
    name,
    description,
    "x-displayName": title.en,
  })),
  paths: pathsOf(routes),
  webhooks: webhooks(),
  components: {
    securitySchemes: SECURITY_SCHEMES,
    parameters: PARAMETERS,
    headers: named(HEADERS),
    responses: responseComponents(routes),
    schemas: {
      ...REQUESTS,
      ...answerSchemas({ ...MESSAGE_VIEWS, ...SERVER_VIEWS, ...ACCESS_VIEWS, ...EVENT_VIEWS }),
    },
  },
});
