import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import superstatic from "superstatic";
import type { Problem } from "../../domain/problem.ts";
import { bodyDeadline } from "../body.ts";
import type { Reply } from "../http.ts";
import { type HttpFunction, movedTo } from "../http-edge.ts";
import { placeOnPublicHost } from "../public-host.ts";
import { decodePath } from "../router.ts";
import { replyTo } from "./refusals.ts";

/** What of `firebase.json` the edge reads itself; superstatic, Firebase's own implementation, reads the rest. */
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
  /** The object under `hosting` in `firebase.json`. */
  readonly hosting: Hosting;
  /** Where `hosting.public` is looked up. */
  readonly cwd: string;
  /** By the Cloud Run service id that `firebase.json` names. */
  readonly functions: Readonly<Record<string, HttpFunction>>;
  /** Firebase Hosting ends a request after 60 s. */
  readonly limitMs: number;
  /** Where browsers reach the edge: by https, if it says so, and pages on this host only. */
  readonly publicUrl: string;
}

/** HSTS over plain http means nothing (RFC 6797 §7.2 forbids it), and behind a laptop's proxy it would lock `localhost` to https. */
const headersFor = (hosting: Hosting, https: boolean): NonNullable<Hosting["headers"]> =>
  (hosting.headers ?? []).map(({ source, headers }) => ({
    source,
    headers: headers.filter(({ key }) => https || key.toLowerCase() !== "strict-transport-security"),
  }));

/** Of all cookies Hosting lets only `__session` through to its target (firebase.google.com/docs/hosting/manage-cache#using_cookies). */
export const onlySession = (header: string | undefined): string | undefined => {
  const kept = (header ?? "").split(";").filter((cookie) => cookie.trim().startsWith("__session="));
  return kept.length === 0 ? undefined : kept.map((cookie) => cookie.trim()).join("; ");
};

const forward = (target: HttpFunction) => (req: IncomingMessage, res: ServerResponse) => {
  const cookie = onlySession(req.headers.cookie);
  if (cookie === undefined) delete req.headers.cookie;
  else req.headers.cookie = cookie;
  target(req, res);
};

interface Limit {
  readonly limitMs: number;
  readonly refuse: (problem: Problem) => void;
}

/** Ends what takes too long: a body that has not come whole is its caller's fault, anything else is not. */
const endAfter = (req: IncomingMessage, res: ServerResponse, { limitMs, refuse }: Limit): void => {
  const { overdue } = bodyDeadline(req, res, limitMs);
  const timer = setTimeout(() => {
    if (res.headersSent) res.destroy();
    else refuse({ code: overdue.aborted ? "request_timeout" : "no_answer_in_time" });
  }, limitMs);
  res.once("close", () => clearTimeout(timer));
};

/** The function behind a path, found without trying globs on it: that of the first rewrite whose fixed beginning fits. */
const functionAt = ({ hosting, functions }: EdgeOptions, path: string): HttpFunction | undefined => {
  const fitting = hosting.rewrites.find(({ run, source }) => run && path.startsWith(source.replace(/\*+$/, "")));
  return functions[fitting?.run?.serviceId ?? ""];
};

/** What a browser shows in its address bar, as against what a page loads or a program fetches. */
const isPage = (path: string): boolean => /^[^?]*\/(?:[^/.?]*|[^/?]*\.html)(?:\?|$)/.test(path);

const READING = ["GET", "HEAD"];
/** No file has this name: what is not there then falls to us. */
const NO_PAGE = "/.no-page";

/** The local stand-in for Firebase Hosting: static files, headers and rewrites as `firebase.json` says, functions in this process. */
export const hostingEdge = (options: EdgeOptions): RequestListener => {
  const { hosting, cwd, functions, limitMs, publicUrl } = options;
  const https = publicUrl.startsWith("https:");
  const missing = hosting.rewrites.flatMap(({ run }) => (run && !(run.serviceId in functions) ? [run.serviceId] : []));
  if (missing.length > 0) throw new Error(`firebase.json names functions that do not exist: ${missing.join(", ")}`);
  const run = (rewrite: Hosting["rewrites"][number]) => {
    const target = functions[rewrite.run?.serviceId ?? ""];
    return target === undefined
      ? Promise.reject(new Error("rewrite without target"))
      : Promise.resolve(forward(target));
  };
  const config = { ...structuredClone(hosting), headers: headersFor(hosting, https) };
  const serving = (errorPage: string) =>
    superstatic.default({ config: { ...config, errorPage }, cwd, stack: "strict", rewriters: { run } });
  const [servePeople, serveOthers] = [serving("/404.html"), serving(NO_PAGE)];
  return (req, res) => {
    const reply = (answer: Reply): void => replyTo(req, res, answer, https);
    const refuse = (problem: Problem): void => reply({ kind: "problem", problem });
    endAfter(req, res, { limitMs, refuse });
    const target = functionAt(options, req.url ?? "/");
    // Superstatic would throw on a broken %-escape. A function answers it with problem details, as everywhere under its paths.
    if (decodePath(req.url ?? "/") === undefined) {
      return target ? forward(target)(req, res) : refuse({ code: "malformed_request" });
    }
    // Superstatic would show a page whatever the method.
    if (target === undefined && !READING.includes(req.method ?? "")) {
      return refuse({ code: "method_not_allowed", allow: READING });
    }
    const page = target === undefined && isPage(req.url ?? "/");
    const elsewhere = page ? placeOnPublicHost(publicUrl, req.headers, req.url ?? "/") : null;
    if (elsewhere !== null) return reply(movedTo(elsewhere));
    // Hosting has the page for all; here whoever wants no page gets problem details, as from the functions.
    const serve = (req.headers.accept ?? "").includes("text/html") ? servePeople : serveOthers;
    serve(req, res, () => refuse({ code: "not_found" }));
  };
};
