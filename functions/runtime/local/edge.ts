import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Problem } from "../../domain/problem.ts";
import { bodyDeadline } from "../body.ts";
import type { Reply } from "../http.ts";
import { type HttpFunction, movedTo } from "../http-edge.ts";
import { placeOnPublicHost } from "../public-host.ts";
import { decodePath, splitTarget } from "../router.ts";
import { replyTo } from "./refusals.ts";

/** The parts of `firebase.json` that the edge reads; superstatic, Firebase's own implementation, reads the rest. */
export interface Hosting {
  readonly public: string;
  readonly rewrites: readonly {
    readonly source: string;
    readonly destination?: string;
    readonly run?: { readonly serviceId: string };
  }[];
  readonly headers?: readonly {
    readonly source: string;
    readonly headers: readonly { readonly key: string; readonly value: string }[];
  }[];
}

export interface EdgeOptions {
  /** The object `hosting` in `firebase.json`. */
  readonly hosting: Hosting;
  /** The folder that contains `hosting.public`. */
  readonly cwd: string;
  /** By the Cloud Run service id in `firebase.json`. */
  readonly functions: Readonly<Record<string, HttpFunction>>;
  /** Firebase Hosting ends a request after 60 s. */
  readonly limitMs: number;
  /** Where browsers reach the edge. It decides on https, and pages are served on this host only. */
  readonly publicUrl: string;
}

/**
 * HSTS over plain http is forbidden (RFC 6797 §7.2), and behind a laptop's proxy it would lock `localhost` to https.
 */
const servedHeaders = (hosting: Hosting, https: boolean): NonNullable<Hosting["headers"]> =>
  (hosting.headers ?? []).map(({ source, headers }) => ({
    source,
    headers: headers.filter(({ key }) => https || key.toLowerCase() !== "strict-transport-security"),
  }));

/** Hosting passes only the cookie `__session` on (firebase.google.com/docs/hosting/manage-cache#using_cookies). */
export const keepSessionCookie = (header: string | undefined): string | undefined => {
  const kept = (header ?? "").split(";").filter((cookie) => cookie.trim().startsWith("__session="));
  return kept.length === 0 ? undefined : kept.map((cookie) => cookie.trim()).join("; ");
};

const forward = (target: HttpFunction) => (req: IncomingMessage, res: ServerResponse) => {
  const cookie = keepSessionCookie(req.headers.cookie);
  if (cookie === undefined) delete req.headers.cookie;
  else req.headers.cookie = cookie;
  target(req, res);
};

interface Limit {
  readonly limitMs: number;
  readonly refuse: (problem: Problem) => void;
}

/** Ends requests that take too long. An incomplete body is the caller's fault; anything else is not. */
const enforceTimeLimit = (req: IncomingMessage, res: ServerResponse, { limitMs, refuse }: Limit): void => {
  const { overdue } = bodyDeadline(req, res, limitMs);
  const timer = setTimeout(() => {
    if (res.headersSent) res.destroy();
    else refuse({ code: overdue.aborted ? "request_timeout" : "no_answer_in_time" });
  }, limitMs);
  res.once("close", () => clearTimeout(timer));
};

/** The path of a request target, as it stands. */
const pathOf = (url: string): string => url.replace(/[?#].*$/s, "");

/** Returns the function of the first rewrite that fits the path as it stands, without trying globs on it. */
const functionAt = ({ hosting, functions }: EdgeOptions, path: string): HttpFunction | undefined => {
  const fits = (source: string): boolean =>
    source.endsWith("/**") ? path.startsWith(source.slice(0, -"**".length)) : path === source;
  return functions[hosting.rewrites.find(({ source }) => fits(source))?.run?.serviceId ?? ""];
};

/** What a file system takes: Linux's `NAME_MAX`, and its `PATH_MAX` less room for the folder that is served. */
const LONGEST_NAME_BYTES = 255;
const LONGEST_PATH_BYTES = 3_500;

/** Whether no file can have this path, read as superstatic reads it: looking for one would fail, not find nothing. */
const exceedsFileNames = (url: string): boolean => {
  const path = decodeURI(pathOf(url));
  if (Buffer.byteLength(path) > LONGEST_PATH_BYTES) return true;
  return path.split("/").some((name) => Buffer.byteLength(name) > LONGEST_NAME_BYTES);
};

/**
 * A request target in absolute form (RFC 9112 §3.2.2), as a client of a proxy sends it, as the path and query that it
 * names. Undefined if it is no URL.
 */
const inOriginForm = (target: string): string | undefined => {
  if (!/^https?:\/\//i.test(target)) return target;
  if (!URL.canParse(target)) return undefined;
  const { pathname, search } = splitTarget(target);
  return `${pathname}${search}`;
};

/** A path that means the same however it is read: no escapes, no dots that step up, no empty parts. */
const PLAIN = /^(?:\/[A-Za-z0-9_-][A-Za-z0-9._~-]*)+(?=\?|$)/;

/**
 * Returns the function to which Hosting would send a plain path, without asking superstatic, which looks for files
 * first: there are none at the paths of functions, and no headers are set there. Undefined if it must be asked.
 */
const functionPlainlyAt = (options: EdgeOptions, url: string): HttpFunction | undefined => {
  const path = PLAIN.exec(url)?.[0];
  return path === undefined ? undefined : functionAt(options, path);
};

/** Whether a browser would show this path in its address bar, rather than load it from a page or a program. */
const looksLikePage = (path: string): boolean => /^[^?]*\/(?:[^/.?]*|[^/?]*\.html)(?:\?|$)/.test(path);

const SAFE_METHODS = ["GET", "HEAD"];
/** No file has this name, so missing files are answered by us. */
const NO_SUCH_FILE = "/.no-page";

/** `missing` answers a request for which there is no file. */
type Serve = (req: IncomingMessage, res: ServerResponse, missing: () => void) => void;

/** Loads superstatic at the first request that needs it: most are plainly for functions. */
const servingFiles = ({ hosting, cwd, functions, publicUrl }: EdgeOptions, errorPage: string): Serve => {
  const run = (rewrite: Hosting["rewrites"][number]) => {
    const target = functions[rewrite.run?.serviceId ?? ""];
    return target === undefined
      ? Promise.reject(new Error("rewrite without target"))
      : Promise.resolve(forward(target));
  };
  const headers = servedHeaders(hosting, publicUrl.startsWith("https:"));
  const config = { ...structuredClone(hosting), headers, errorPage };
  const load = async (): Promise<Serve> => {
    const { default: superstatic } = await import("superstatic");
    return superstatic.default({ config, cwd, stack: "strict", rewriters: { run }, compression: true });
  };
  let loaded: Promise<Serve> | undefined;
  return async (req, res, missing) => {
    loaded ??= load();
    (await loaded)(req, res, missing);
  };
};

/**
 * The local stand-in for Firebase Hosting: static files (compressed, as there), headers and rewrites by
 * `firebase.json`, with the functions in this process.
 */
export const hostingEdge = (options: EdgeOptions): RequestListener => {
  const { hosting, functions, limitMs, publicUrl } = options;
  const https = publicUrl.startsWith("https:");
  const missing = hosting.rewrites.flatMap(({ run }) => (run && !(run.serviceId in functions) ? [run.serviceId] : []));
  if (missing.length > 0) throw new Error(`firebase.json names functions that do not exist: ${missing.join(", ")}`);
  const [servePeople, serveOthers] = [servingFiles(options, "/404.html"), servingFiles(options, NO_SUCH_FILE)];
  return (req, res) => {
    const reply = (answer: Reply): void => replyTo(req, res, answer, https);
    const refuse = (problem: Problem): void => reply({ kind: "problem", problem });
    enforceTimeLimit(req, res, { limitMs, refuse });
    const url = inOriginForm(req.url ?? "/");
    if (url === undefined) return refuse({ code: "malformed_request" });
    req.url = url;
    const plainly = functionPlainlyAt(options, url);
    if (plainly !== undefined) return forward(plainly)(req, res);
    const target = functionAt(options, pathOf(url));
    // Superstatic would throw on a broken %-escape. A function answers it with problem details, as everywhere on its
    // paths.
    if (decodePath(url) === undefined) {
      return target ? forward(target)(req, res) : refuse({ code: "malformed_request" });
    }
    if (target !== undefined && exceedsFileNames(url)) return forward(target)(req, res);
    // Superstatic would serve a page for any method.
    if (target === undefined && !SAFE_METHODS.includes(req.method ?? "")) {
      return refuse({ code: "method_not_allowed", allow: SAFE_METHODS });
    }
    const page = target === undefined && looksLikePage(url);
    const elsewhere = page ? placeOnPublicHost(publicUrl, req.headers, url) : null;
    if (elsewhere !== null) return reply(movedTo(elsewhere));
    // There is no such file either way, and superstatic can look for this one.
    if (exceedsFileNames(url)) req.url = NO_SUCH_FILE;
    // Hosting shows everyone its 404 page; here, clients that do not ask for HTML get problem details, as from
    // functions.
    const serve = (req.headers.accept ?? "").includes("text/html") ? servePeople : serveOthers;
    serve(req, res, () => refuse({ code: "not_found" }));
  };
};
