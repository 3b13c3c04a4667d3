import type { SecretManagerServiceClient } from "@google-cloud/secret-manager/build/src/v1/secret_manager_service_client.js";
import { askRest, type RestService } from "../google-cloud/rest-service.ts";

type Gax = NonNullable<ConstructorParameters<typeof SecretManagerServiceClient>[1]>;

/** The members of Secret Manager's messages that a path, a query or bytes are made from. */
interface Request {
  readonly name?: string;
  readonly parent?: string;
  readonly secretId?: string;
  readonly secret?: unknown;
  readonly payload?: { readonly data?: unknown };
  readonly filter?: string;
  readonly pageSize?: number;
  readonly pageToken?: string;
}

interface Call {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
}

/** Each call that Relais makes (cloud.google.com/secret-manager/docs/reference/rest). */
const CALLS: Readonly<Record<string, (request: Request) => Call>> = {
  accessSecretVersion: ({ name }) => ({ method: "GET", path: `${name}:access` }),
  addSecretVersion: ({ parent, payload }) => ({ method: "POST", path: `${parent}:addVersion`, body: { payload } }),
  createSecret: ({ parent, secretId, secret }) => ({
    method: "POST",
    path: `${parent}/secrets`,
    query: { secretId },
    body: secret,
  }),
  destroySecretVersion: ({ name }) => ({ method: "POST", path: `${name}:destroy`, body: {} }),
  listSecretVersions: ({ parent, filter, pageSize, pageToken }) => ({
    method: "GET",
    path: `${parent}/versions`,
    query: { filter, pageSize, pageToken },
  }),
};

const TIMEOUT_MS = 10_000;
/** A page of 1,000 versions; a payload is far smaller. */
const LARGEST_ANSWER_BYTES = 4 * 1024 * 1024;

/** The proto3 JSON mapping of bytes. */
const toJson = (value: unknown): string =>
  JSON.stringify(value, function (this: Readonly<Record<string, unknown>>, key, json: unknown) {
    const bytes = this[key];
    return bytes instanceof Uint8Array ? Buffer.from(bytes).toString("base64") : json;
  });

const fromJson = (text: string): unknown =>
  JSON.parse(text, (key, value: unknown) =>
    key === "data" && typeof value === "string" ? Buffer.from(value, "base64") : value,
  );

const queryOf = (query: Call["query"] = {}): string => {
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  return given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
};

const ask = (service: RestService, name: string, request: Request): Promise<unknown> => {
  const toCall = CALLS[name];
  if (toCall === undefined) throw new TypeError(`${name} is none of the calls to Secret Manager that Relais makes`);
  const { method, path, query, body } = toCall(request);
  return askRest(service, {
    method,
    path: `/v1/${path}${queryOf(query)}`,
    ...(body !== undefined && { body: toJson(body) }),
    timeoutMs: TIMEOUT_MS,
    largestAnswerBytes: LARGEST_ANSWER_BYTES,
    // A version that is added must not be sent on a connection that may be closed: it would count as maybe added.
    keepAlive: method === "GET",
    parse: fromJson,
  });
};

/** Tells a call whose answer is a list in pages; its members name where the list and the next page are. */
class PageDescriptor {
  readonly next: string;
  readonly list: string;
  constructor(_request: string, next: string, list: string) {
    this.next = next;
    this.list = list;
  }
}

type Ask = (request: Request) => Promise<unknown>;

const askPages = async (asking: Ask, request: Request, { next, list }: PageDescriptor): Promise<readonly unknown[]> => {
  const found: unknown[] = [];
  let pageToken: string | undefined;
  do {
    const page: Readonly<Record<string, unknown>> = Object(
      await asking(pageToken === undefined ? request : { ...request, pageToken }),
    );
    const items = page[list];
    if (Array.isArray(items)) found.push(...items);
    pageToken = typeof page[next] === "string" && page[next] !== "" ? page[next] : undefined;
  } while (pageToken !== undefined);
  return found;
};

class Unused {}

/**
 * What Secret Manager's client asks of google-gax, with requests of our own beneath it. The package takes another
 * google-gax as its constructor's second argument; its own describes every message of the API at each cold start, which
 * takes a fifth of the time up to the first answer (infra/decisions/cold-start.md). Its calls answer `[answer]`.
 */
export const restTransport = (service: RestService): Gax => {
  const stub = new Proxy(
    {},
    { get: (_, name) => (name === "then" ? undefined : (request: Request) => ask(service, String(name), request)) },
  );
  class GrpcClient {
    readonly auth = {};
    readonly grpcVersion = "";
    loadProtoJSON = () => ({ lookupService: () => undefined });
    constructSettings = () => ({});
    createStub = async () => stub;
  }
  const fallback = {
    GrpcClient,
    LocationsClient: Unused,
    PathTemplate: Unused,
    PageDescriptor,
    routingHeader: { fromParams: () => "" },
    warn: () => undefined,
    version: "",
    createApiCall:
      (asking: Promise<Ask>, _settings: unknown, pages: PageDescriptor | undefined) => async (request: Request) => [
        await (pages === undefined ? (await asking)(request) : askPages(await asking, request, pages)),
      ],
  };
  // The only cast: this is the part of google-gax that the client uses.
  return { fallback } as unknown as Gax;
};
