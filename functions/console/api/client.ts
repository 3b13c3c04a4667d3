import { type ApiResult, codeOf, failureOf } from "./failure.ts";
import { createSharedReads } from "./shared-reads.ts";
import type { Session } from "./types.ts";

export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** The answer is a file, not JSON. */
  readonly file?: true;
  /** Leave a 401 to the caller instead of sending the person to the sign-in page. */
  readonly keep401?: true;
}

export interface ClientDeps {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly language: () => string;
  readonly onUnauthenticated: () => void;
}

export interface Client {
  call<T>(request: ApiRequest): Promise<ApiResult<T>>;
  /** Asks who is signed in and keeps the CSRF token for later calls. */
  session(): Promise<ApiResult<Session>>;
}

/** Firebase Hosting ends a request after 60 s; no response comes after that. */
const TIMEOUT_MS = 65_000;

const urlOf = ({ path, query = {} }: ApiRequest): string => {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") search.set(name, String(value));
  }
  return search.size === 0 ? path : `${path}?${search}`;
};

const jsonOf = async (response: Response): Promise<unknown> => {
  const body = await response.text();
  if (body === "") return undefined;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
};

/** Same-origin calls to the API, with the CSRF header. Returns problems as values, reports 401, and never throws. */
export const createClient = (deps: ClientDeps): Client => {
  let csrf = "";
  const reads = createSharedReads();

  const headersOf = (request: ApiRequest): Record<string, string> => ({
    accept: "application/json",
    "accept-language": deps.language(),
    ...(request.body === undefined ? {} : { "content-type": "application/json" }),
    ...(request.method === "GET" || csrf === "" ? {} : { "x-relais-csrf": csrf }),
    ...request.headers,
  });

  const once = async <T>(request: ApiRequest): Promise<ApiResult<T>> => {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    try {
      const response = await deps.fetch(urlOf(request), {
        method: request.method,
        headers: headersOf(request),
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
        credentials: "same-origin",
        cache: "no-store",
        redirect: "error",
        signal: request.signal === undefined ? timeout : AbortSignal.any([request.signal, timeout]),
      });
      const isFile = request.file === true && response.ok;
      const body: unknown = isFile ? new Uint8Array(await response.arrayBuffer()) : await jsonOf(response);
      if (!response.ok)
        return { ok: false, failure: failureOf(response.status, body, response.headers.get("retry-after")) };
      const empty = response.status === 204;
      if (!empty && body === undefined) return { ok: false, failure: { kind: "unreadable", status: response.status } };
      // A cast at the network's edge: API and console are deployed together, and the API's own tests prove its shapes.
      return { ok: true, value: body as T };
    } catch {
      return { ok: false, failure: { kind: request.signal?.aborted ? "aborted" : "network" } };
    }
  };

  const session = async (): Promise<ApiResult<Session>> => {
    const result = await once<Session>({ method: "GET", path: "/v1/session" });
    csrf = result.ok ? (result.value.csrf ?? "") : "";
    return result;
  };

  const reported = <T>(result: ApiResult<T>, request: ApiRequest): ApiResult<T> => {
    if (!result.ok && codeOf(result.failure) === "unauthenticated" && request.keep401 === undefined)
      deps.onUnauthenticated();
    return result;
  };

  /** Shared by all parts of a page that need it at once. A file is not shared, because each reading is recorded. */
  const read = <T>({ signal, ...request }: ApiRequest): Promise<ApiResult<T>> =>
    reads.share(`${deps.language()} ${urlOf(request)}`, (shared) => once<T>({ ...request, signal: shared }), signal);

  const change = async <T>(request: ApiRequest): Promise<ApiResult<T>> => {
    const result = await once<T>(request);
    reads.forget();
    return result;
  };

  const call = async <T>(request: ApiRequest): Promise<ApiResult<T>> => {
    if (request.method === "GET" && request.file === undefined) return reported(await read<T>(request), request);
    let result = await change<T>(request);
    // The token belongs to a session that another tab has replaced: read the new one and try once more.
    if (!result.ok && codeOf(result.failure) === "csrf" && (await session()).ok) result = await change<T>(request);
    return reported(result, request);
  };

  return { call, session };
};
