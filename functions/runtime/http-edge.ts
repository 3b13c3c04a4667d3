import type { IncomingMessage, ServerResponse } from "node:http";
import type { Principal } from "../domain/access/records.ts";
import type { Build } from "../domain/build.ts";
import { mayAdminister } from "../domain/mail-servers/server-access.ts";
import { ANSWERING, type PatienceOptions } from "../domain/patience.ts";
import { CONTENDED, Contended, type Problem, Unavailable } from "../domain/problem.ts";
import { ok, type Result } from "../domain/result.ts";
import { bodyDeadline, bodyTimeoutMs, CallerGone, DEFAULT_BODY, dropRest, readBody } from "./body.ts";
import { type BodyShare, bodyRoom, type RoomOptions } from "./body-room.ts";
import { type Credentials, csrfProblem, identifyCaller, readCredentials } from "./credentials.ts";
import { sentParts } from "./framework-guard.ts";
import type { Call, Reply, Route, RouteAccess } from "./http.ts";
import { checkMediaType } from "./json-body.ts";
import { jsonScan } from "./json-scan.ts";
import { chooseLanguage } from "./language.ts";
import { logUnavailable } from "./log-unavailable.ts";
import { withLogContext } from "./logger.ts";
import { withPatience } from "./patience.ts";
import { HTTP_PROBLEMS } from "./problem-json.ts";
import { placeOnPublicHost } from "./public-host.ts";
import { type ReplyContext, writeDefect, writeReply } from "./reply.ts";
import { decodePath, type Match, router, splitTarget } from "./router.ts";
import { isSpeculative } from "./speculative.ts";
import type { System } from "./system.ts";
import { requestTrace } from "./trace.ts";

/** The function that functions-framework and a bare `http.createServer` both call. */
export type HttpFunction = (req: IncomingMessage, res: ServerResponse) => void;

const toReply = (found: Problem): Extract<Reply, { readonly kind: "problem" }> => ({ kind: "problem", problem: found });

/** Every function answers this with what it was built from: the process is up and its configuration is valid. */
export const healthRoute = ({ version, commit }: Build): Route => ({
  method: "GET",
  path: "/health",
  access: "public",
  handle: async () => ({ kind: "json", status: 200, body: { version, commit } }),
});

/** Paths that need no credential even if nothing is found there. */
const isPublicPath = (pathname: string): boolean => pathname === "/health" || pathname.startsWith("/google_gmail/");

const isPublic = (match: Match, pathname: string): boolean => {
  if (match.kind === "route") return match.route.access === "public";
  return isPublicPath(pathname) || (match.kind === "method" && match.public);
};

const isAdmitted = (access: RouteAccess, principal: Principal): boolean => {
  const operator = mayAdminister(principal);
  switch (access) {
    case "public":
    case "programs":
      return true;
    case "people":
      return operator || principal.kind === "member";
    case "operators":
      return operator;
  }
};

/** 401, 404, 405 and 403, in this order: whoever may not call learns nothing about what exists. */
const refusalOf = (match: Match, pathname: string, principal: Principal | null): Problem | null => {
  if (principal === null && !isPublic(match, pathname)) return { code: "unauthenticated" };
  if (match.kind === "none") return { code: "not_found" };
  if (match.kind === "method") return { code: "method_not_allowed", allow: match.allow };
  if (principal === null) return null;
  return isAdmitted(match.route.access, principal) ? (match.route.forbids?.(principal) ?? null) : { code: "forbidden" };
};

interface Arrival {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly pathname: string;
  readonly query: URLSearchParams;
  /** The location on the public host, for a route that needs it, if the browser used another host. */
  readonly elsewhere: string | null;
  readonly credentials: Credentials;
  readonly context: ReplyContext;
  /** Aborts if the caller goes before the answer is complete. */
  readonly gone: AbortSignal;
  /** Aborts then, or when the process must stop. */
  readonly signal: AbortSignal;
  readonly share: BodyShare;
  /** Aborts if the body has not arrived in time. */
  readonly overdue: AbortSignal;
}

const flatHeaders = (req: IncomingMessage): Call["headers"] =>
  Object.fromEntries(
    Object.entries(req.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]),
  );

/**
 * Refuses before the handler runs. If the route's answer to a large body says that nothing was sent, any refusal says
 * so.
 */
const refuseOnRoute = ({ tooLarge }: Route, found: Problem): Reply => {
  if (found.code === "request_too_large") return tooLarge ?? toReply(found);
  return tooLarge?.kind === "problem" ? { ...tooLarge, problem: found } : toReply(found);
};

const NO_BODY = ok(Buffer.alloc(0));

/** Reads the body only once the caller is admitted, and only for methods that use one. */
const bodyOf = (route: Route, arrival: Arrival, anonymous: boolean): Promise<Result<Buffer>> | Result<Buffer> => {
  if (route.method === "GET" || route.method === "DELETE") return NO_BODY;
  const scan = checkMediaType(flatHeaders(arrival.req)).ok ? jsonScan() : null;
  return readBody({ ...arrival, limit: route.bodyLimit ?? DEFAULT_BODY, scan, anonymous });
};

const handle = async (system: System, match: Match, arrival: Arrival): Promise<Reply> => {
  const { credentials, pathname, req, elsewhere } = arrival;
  if (elsewhere !== null && match.kind === "route" && match.route.onPublicHost) return movedTo(elsewhere);
  // A speculative request must have no effect; the browser asks again when the person really goes there.
  if (match.kind === "route" && match.route.unsafe && isSpeculative(req.headers)) return { kind: "empty", status: 204 };
  const known = await identifyCaller(system, credentials);
  // On public routes, an invalid credential counts as none; the handler decides.
  const refusal = refusalOf(match, pathname, known.ok ? known.value : null);
  if (refusal !== null) {
    const found = refusal.code === "unauthenticated" && !known.ok ? known.problem : refusal;
    return match.kind === "route" ? refuseOnRoute(match.route, found) : toReply(found);
  }
  if (match.kind !== "route") return toReply({ code: "not_found" });
  const forged = match.route.access === "public" ? null : csrfProblem(req, credentials);
  if (forged !== null) return refuseOnRoute(match.route, forged);
  const body = await bodyOf(match.route, arrival, !known.ok || known.value === null);
  if (!body.ok) return refuseOnRoute(match.route, body.problem);
  return match.route.handle({
    method: match.route.method,
    path: decodePath(pathname) ?? pathname,
    params: match.params,
    query: arrival.query,
    headers: flatHeaders(req),
    rawBody: body.value,
    bodyDone: arrival.share.release,
    sessionId: credentials.sessionId,
    principal: known.ok ? known.value : null,
    requestId: arrival.context.requestId,
    language: arrival.context.language,
    signal: arrival.signal,
  });
};

/** 308 keeps the method (RFC 9110 §15.4.9). */
export const movedTo = (location: string): Reply => ({ kind: "empty", status: 308, headers: { Location: location } });

/** A write whose answer was lost may have been done, so for a message nobody can say that it was not accepted. */
const toUnavailable = (match: Match, error: Unavailable): Reply => {
  const found = toReply(error instanceof Contended ? CONTENDED : { code: "unavailable", retryAfterS: 5 });
  const isMessage = match.kind === "route" && match.route.tooLarge?.kind === "problem";
  return isMessage ? { ...found, outcome: "unknown" } : found;
};

const logOutcome = (system: System, reply: Reply): void => {
  if (reply.kind !== "problem") return;
  const status = HTTP_PROBLEMS[reply.problem.code].status;
  if (status >= 500) system.log.warn("request_failed", { problem: reply.problem.code, status });
};

const respond = async (system: System, match: Match, arrival: Arrival): Promise<void> => {
  const { res } = arrival;
  try {
    const reply = await handle(system, match, arrival);
    logOutcome(system, reply);
    writeReply(res, reply, arrival.context);
  } catch (error) {
    if (arrival.gone.aborted || error instanceof CallerGone) return;
    if (error instanceof Unavailable) {
      logUnavailable(system.log, error);
      writeReply(res, toUnavailable(match, error), arrival.context);
    } else {
      system.log.error("request_defect", {}, error);
      writeDefect(res, arrival.context);
    }
  } finally {
    arrival.share.release();
    dropRest(arrival.req);
  }
};

/** Returns a signal that aborts if the caller goes before the answer is complete. */
const goneSignal = (res: ServerResponse): AbortSignal => {
  const gone = new AbortController();
  res.once("close", () => {
    if (!res.writableFinished) gone.abort();
  });
  return gone.signal;
};

export interface ServeOptions {
  /** Aborts when the process must stop. */
  readonly stopping?: AbortSignal;
  readonly room?: RoomOptions;
  /** Real milliseconds for a body to arrive. */
  readonly bodyMs?: number;
  readonly patience?: PatienceOptions;
}

/**
 * The edge of an HTTP function. It finds the route, identifies the caller, reads the body, rejects forged requests, and
 * always answers, with security headers and (on failure) RFC 9457 problem details.
 */
export const serveHttp = (routes: readonly Route[], system: System, options: ServeOptions = {}): HttpFunction => {
  const { stopping, room, bodyMs = bodyTimeoutMs(system.clock), patience = ANSWERING } = options;
  const find = router([healthRoute(system.build), ...routes]);
  const https = system.config.publicUrl.startsWith("https:");
  const shareOfRoom = bodyRoom(room);
  return (req, res) => {
    const target = sentParts(req).url;
    const { pathname, query } = splitTarget(target);
    const trace = requestTrace(req.headers, system.random);
    const gone = goneSignal(res);
    const { overdue } = bodyDeadline(req, res, bodyMs);
    const arrival: Arrival = {
      req,
      res,
      pathname,
      query,
      elsewhere: placeOnPublicHost(system.config.publicUrl, req.headers, target),
      credentials: readCredentials(req.headers),
      context: {
        requestId: trace.requestId,
        language: chooseLanguage(req.headers["accept-language"], pathname.startsWith("/google_gmail/") ? "fr" : "en"),
        https,
        head: req.method === "HEAD",
      },
      gone,
      signal: stopping === undefined ? gone : AbortSignal.any([gone, stopping]),
      share: shareOfRoom(),
      overdue,
    };
    const match = find(req.method ?? "GET", pathname);
    void withLogContext(trace, () => withPatience(system.clock, patience, () => respond(system, match, arrival)));
  };
};
