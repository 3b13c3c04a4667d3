import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A refusal in the form of Google's REST APIs. */
class Refusal extends Error {
  readonly code: number;
  readonly status: string;
  constructor(code: number, status: string, message: string) {
    super(message);
    this.code = code;
    this.status = status;
  }
}
const notFound = (what: string) => new Refusal(404, "NOT_FOUND", `${what} not found.`);

interface Version {
  readonly number: number;
  readonly createTime: string;
  state: "ENABLED" | "DISABLED" | "DESTROYED";
  data: Buffer;
}
interface SecretEntry {
  readonly createTime: string;
  readonly labels: unknown;
  readonly replication: object;
  readonly versions: Version[];
}

export interface SecretManagerStandIn {
  /** For `SECRET_MANAGER_EMULATOR_HOST`. */
  readonly host: string;
  /**
   * Answers the next request (or the next whose URL contains `of`) with this refusal; two calls do so for two requests.
   */
  refuseNext(code: number, status: string, of?: string): void;
  /** `METHOD path` of each request so far, without the `$` parameters that all of Google's APIs accept. */
  readonly requests: readonly string[];
  /** The names of all secrets, without their project's. */
  secrets(): readonly string[];
  close(): Promise<void>;
}

/**
 * A stand-in for Secret Manager, which has no emulator: the part of its v1 REST API that Relais uses, plus enabling,
 * disabling and deleting (cloud.google.com/secret-manager/docs/reference/rest). It is in memory and accepts any
 * project, with or without a bearer token, like Google's emulators.
 */
export const startSecretManagerStandIn = async (port = 0): Promise<SecretManagerStandIn> => {
  const secrets = new Map<string, SecretEntry>();
  const requests: string[] = [];
  const refusals: { readonly of: string; readonly refusal: Refusal }[] = [];
  const server = createServer(async (request, response) => {
    requests.push(`${request.method} ${withoutSystemParameters(request.url ?? "/")}`);
    try {
      const body = await readJson(request);
      const at = refusals.findIndex(({ of }) => request.url?.includes(of));
      const [planned] = at === -1 ? [] : refusals.splice(at, 1);
      if (planned) throw planned.refusal;
      answer(response, 200, handle(secrets, request, body));
    } catch (error) {
      const { code, status, message } = error instanceof Refusal ? error : new Refusal(500, "INTERNAL", String(error));
      answer(response, code, { error: { code, status, message } });
    }
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    refuseNext: (code, status, of = "") => {
      refusals.push({ of, refusal: new Refusal(code, status, "planned by the test") });
    },
    requests,
    secrets: () => [...secrets.keys()].map((name) => name.replace(/^.*\//, "")),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
};

/** `$alt=json;enum-encoding=int` and the like (cloud.google.com/apis/docs/system-parameters). */
const withoutSystemParameters = (url: string): string =>
  url
    .replace(/([?&])\$[^&]*/g, "$1")
    .replace(/([?&])&+/g, "$1")
    .replace(/[?&]$/, "");

const answer = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { "content-type": "application/json; charset=UTF-8" }).end(JSON.stringify(body));
};

const readJson = async (request: IncomingMessage): Promise<Record<string, unknown>> => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  const text = Buffer.concat(parts).toString("utf8");
  try {
    return text === "" ? {} : JSON.parse(text);
  } catch {
    throw new Refusal(400, "INVALID_ARGUMENT", "Invalid JSON payload received.");
  }
};

const SECRETS = /^\/v1\/projects\/([^/]+)\/secrets$/;
const SECRET = /^\/v1\/(projects\/[^/]+\/secrets\/[^/:]+)(?::(addVersion)|\/(versions))?$/;
const VERSION = /^\/v1\/(projects\/[^/]+\/secrets\/[^/:]+)\/versions\/([^/:]+)(?::(access|destroy|enable|disable))?$/;

const handle = (secrets: Map<string, SecretEntry>, request: IncomingMessage, body: Record<string, unknown>): object => {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://stand-in");
  const collection = SECRETS.exec(pathname);
  if (collection && request.method === "POST")
    return create(secrets, collection[1] ?? "", searchParams.get("secretId") ?? "", body);
  const one = SECRET.exec(pathname);
  if (one)
    return onSecret(secrets, one[1] ?? "", `${request.method} ${one[2] ?? one[3] ?? ""}`, { body, searchParams });
  const version = VERSION.exec(pathname);
  if (version) {
    const [, name = "", number = "", verb = ""] = version;
    return onVersion(existing(secrets, name), { name, number, act: `${request.method} ${verb}` });
  }
  throw new Refusal(404, "NOT_FOUND", "Method not found.");
};

const existing = (secrets: Map<string, SecretEntry>, name: string): SecretEntry => {
  const secret = secrets.get(name);
  if (secret === undefined) throw notFound(`Secret [${name}]`);
  return secret;
};

const create = (
  secrets: Map<string, SecretEntry>,
  project: string,
  id: string,
  { replication, labels = {} }: Record<string, unknown>,
): object => {
  if (!/^[A-Za-z0-9_-]{1,255}$/.test(id))
    throw new Refusal(400, "INVALID_ARGUMENT", "The provided secret id is invalid.");
  if (typeof replication !== "object" || replication === null) {
    throw new Refusal(400, "INVALID_ARGUMENT", "Secret.replication is required.");
  }
  const name = `projects/${project}/secrets/${id}`;
  if (secrets.has(name)) throw new Refusal(409, "ALREADY_EXISTS", `Secret [${name}] already exists.`);
  const createTime = new Date().toISOString();
  secrets.set(name, { createTime, labels, replication, versions: [] });
  return { name, replication, labels, createTime };
};

const onSecret = (
  secrets: Map<string, SecretEntry>,
  name: string,
  act: string,
  { body, searchParams }: { readonly body: Record<string, unknown>; readonly searchParams: URLSearchParams },
): object => {
  const secret = existing(secrets, name);
  switch (act) {
    case "GET ":
      return { name, createTime: secret.createTime, labels: secret.labels, replication: secret.replication };
    case "DELETE ":
      secrets.delete(name);
      return {};
    case "POST addVersion":
      return addVersion(secret, name, body);
    case "GET versions":
      return listVersions(secret, name, searchParams);
    default:
      throw new Refusal(404, "NOT_FOUND", "Method not found.");
  }
};

/** Google's limit for a payload. */
const MAX_PAYLOAD_BYTES = 65_536;

const addVersion = (secret: SecretEntry, name: string, { payload }: Record<string, unknown>): object => {
  const { data } = (payload ?? {}) as { data?: unknown };
  if (typeof data !== "string" || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(data)) {
    throw new Refusal(400, "INVALID_ARGUMENT", "The payload is missing or no base64.");
  }
  const bytes = Buffer.from(data, "base64");
  if (bytes.length > MAX_PAYLOAD_BYTES)
    throw new Refusal(400, "INVALID_ARGUMENT", "The payload is larger than 65536 bytes.");
  const version: Version = {
    number: secret.versions.length + 1,
    createTime: new Date().toISOString(),
    state: "ENABLED",
    data: bytes,
  };
  secret.versions.push(version);
  return show(name, version);
};

const show = (name: string, { number, createTime, state }: Version): object => ({
  name: `${name}/versions/${number}`,
  createTime,
  state,
  replicationStatus: { automatic: {} },
});

/** Newest first, like Google. */
const listVersions = (secret: SecretEntry, name: string, query: URLSearchParams): object => {
  const filter = query.get("filter") ?? "";
  const states = [...filter.matchAll(/\bstate[:=](\w+)/gi)].map(([, state = ""]) => state.toUpperCase());
  const size = Math.min(Number(query.get("pageSize") ?? "0") || 25_000, 25_000);
  const from = Number(query.get("pageToken") ?? "0");
  const all = secret.versions.filter(({ state }) => states.length === 0 || states.includes(state)).reverse();
  const more = from + size < all.length;
  return {
    versions: all.slice(from, from + size).map((version) => show(name, version)),
    totalSize: all.length,
    ...(more ? { nextPageToken: String(from + size) } : {}),
  };
};

const onVersion = (
  secret: SecretEntry,
  { name, number, act }: { readonly name: string; readonly number: string; readonly act: string },
): object => {
  const version =
    number === "latest" ? secret.versions.at(-1) : secret.versions.find((one) => String(one.number) === number);
  if (version === undefined) throw notFound(`Secret Version [${name}/versions/${number}]`);
  const wrongState = () =>
    new Refusal(
      400,
      "FAILED_PRECONDITION",
      `Secret Version [${name}/versions/${number}] is in ${version.state} state.`,
    );
  switch (act) {
    case "GET ":
      return show(name, version);
    case "GET access":
      if (version.state !== "ENABLED") throw wrongState();
      return { name: `${name}/versions/${version.number}`, payload: { data: version.data.toString("base64") } };
    case "POST destroy":
    case "POST disable":
    case "POST enable": {
      if (version.state === "DESTROYED") throw wrongState();
      version.state = act === "POST destroy" ? "DESTROYED" : act === "POST enable" ? "ENABLED" : "DISABLED";
      if (version.state === "DESTROYED") version.data = Buffer.alloc(0);
      return show(name, version);
    }
    default:
      throw new Refusal(404, "NOT_FOUND", "Method not found.");
  }
};
