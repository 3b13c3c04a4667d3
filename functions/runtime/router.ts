import type { Call, Route } from "./http.ts";

interface Compiled {
  readonly route: Route;
  readonly pattern: URLPattern;
}

export type Match =
  | { readonly kind: "route"; readonly route: Route; readonly params: Call["params"] }
  /** The path is known, but not with this method. `public`: all its routes are. */
  | { readonly kind: "method"; readonly allow: readonly string[]; readonly public: boolean }
  | { readonly kind: "none" };

interface Target {
  readonly pathname: string;
  readonly query: URLSearchParams;
  /** The query as it came, with its question mark; empty if there is none. */
  readonly search: string;
}

/** The path of a request target (RFC 9112 §3.2), without dot segments and still percent-encoded, and its query. */
export const splitTarget = (target: string): Target => {
  try {
    const url = target.startsWith("/") ? new URL(`http://relais.invalid${target}`) : new URL(target);
    return { pathname: url.pathname, query: url.searchParams, search: url.search };
  } catch {
    return { pathname: "/", query: new URLSearchParams(), search: "" };
  }
};

/** Undefined if a %-escape is broken or not UTF-8: such a path names nothing. */
export const decodePath = (encoded: string): string | undefined => {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
};

const decodeParams = (groups: Readonly<Record<string, string | undefined>>): Call["params"] | undefined => {
  const params: Record<string, string> = {};
  for (const [name, value] of Object.entries(groups)) {
    const decoded = decodePath(value ?? "");
    if (decoded === undefined) return undefined;
    params[name] = decoded;
  }
  return params;
};

const takesHead = ({ method, unsafe }: Route): boolean => method === "GET" && unsafe !== true;

const methodsOf = (routes: readonly Route[]): string[] => {
  const methods = new Set<string>(routes.map((route) => route.method));
  return [...methods, ...(routes.some(takesHead) ? ["HEAD"] : [])];
};

/**
 * Finds the route of a method and an encoded path. A safe GET route answers HEAD too. A literal path in the table is
 * never another route's parameter, whatever the method: `GET /v1/messages/batch` is a wrong method, not a message's id.
 */
export const router = (routes: readonly Route[]): ((method: string, pathname: string) => Match) => {
  const table: readonly Compiled[] = routes.map((route) => ({
    route,
    pattern: new URLPattern({ pathname: route.path }),
  }));
  return (method, pathname) => {
    const exact = table.filter(({ route }) => route.path === pathname);
    const fitting = exact.length > 0 ? exact : table.filter(({ pattern }) => pattern.test({ pathname }));
    if (fitting.length === 0) return { kind: "none" };
    const hit = fitting.find(({ route }) => (method === "HEAD" ? takesHead(route) : route.method === method));
    const routesHere = fitting.map(({ route }) => route);
    if (hit === undefined) {
      return { kind: "method", allow: methodsOf(routesHere), public: routesHere.every((r) => r.access === "public") };
    }
    const params = decodeParams(hit.pattern.exec({ pathname })?.pathname.groups ?? {});
    return params === undefined ? { kind: "none" } : { kind: "route", route: hit.route, params };
  };
};
