import type { IncomingMessage, ServerResponse } from "node:http";
import type { Principal } from "../domain/access/records.ts";
import { mayAdminister } from "../domain/mail-servers/server-access.ts";
import { ANSWERING, type PatienceOptions } from "../domain/patience.ts";
import { CONTENDED, Contended, type Problem, Unavailable } from "../domain/problem.ts";
import { ok, type Result } from "../domain/result.ts";
import { bodyDeadline, bodyTimeoutMs, CallerGone, dropRest, readBody, USUAL_BODY } from "./body.ts";
import { type BodyShare, bodyRoom, type RoomOptions } from "./body-room.ts";
import { type Credentials, csrfProblem, readCredentials, whoCalls } from "./credentials.ts";
import { sentParts } from "./framework-guard.ts";
import type { Call, Reply, Route, RouteAccess } from "./http.ts";
import { checkMediaType } from "./json-body.ts";
import { jsonScan } from "./json-scan.ts";
import { chooseLanguage } from "./language.ts";
import { logUnavailable } from "./log-unavailable.ts";
import { withLogContext } from "./logger.ts";
import { withPatience } from "./patience.ts";
import { FACINGS } from "./problem-json.ts";
import { placeOnPublicHost } from "./public-host.ts";
import { type ReplyContext, writeDefect, writeReply } from "./reply.ts";
import { decodePath, type Match, router, splitTarget } from "./router.ts";
import { isSpeculative } from "./speculative.ts";
import type { System } from "./system.ts";
import { requestTrace } from "./trace.ts";

/** What functions-framework and a bare `http.createServer` both call. */
export type HttpFunction = (req: IncomingMessage, res: ServerResponse) => void;

const problem = (found: Problem): Extract<Reply, { readonly kind: "problem" }> => ({ kind: "problem", problem: found });

/** Answered by every function: the process is up and its configuration was taken. */
const HEALTH: Route = {
  method: "GET",
  path: "/health",
  access: "public",
  handle: async () => ({ kind: "json", status: 200, body: { status: "ok" } }),
};

/** Paths that answer without a credential even where nothing is found. */
const isPublicPath = (pathname: string): boolean => pathname === "/health" || pathname.startsWith("/google_gmail/");

const isPublic = (match: Match, pathname: string): boolean => {
  if (match.kind === "route") return match.route.access === "public";
  return isPublicPath(pathname) || (match.kind === "method" && match.public);
};

const mayEnter = (access: RouteAccess, principal: Principal): boolean => {
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

/** 401, 404, 405 and 403, in this order: who may not call learns nothing of what there is. */
const refuse = (match: Match, pathname: string, principal: Principal | null): Problem | null => {
  if (principal === null && !isPublic(match, pathname)) return { code: "unauthenticated" };
  if (match.kind === "none") return { code: "not_found" };
  if (match.kind === "method") return { code: "method_not_allowed", allow: match.allow };
  if (principal === null) return null;
  return mayEnter(match.route.access, principal) ? (match.route.forbids?.(principal) ?? null) : { code: "forbidden" };
};

interface Arrival {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly pathname: string;
  readonly query: URLSearchParams;
  /** For a route that must be asked for on the public host: where that is, if the browser came on another. */
  readonly elsewhere: string | null;
  readonly credentials: Credentials;
  readonly context: ReplyContext;
  /** Aborts when the caller has gone before the answer was complete. */
  readonly gone: AbortSignal;
  /** That, or when the process is told to stop. */
  readonly signal: AbortSignal;
  readonly share: BodyShare;
  /** Aborts when the body has not come whole in time. */
  readonly overdue: AbortSignal;
}

const flatHeaders = (req: IncomingMessage): Call["headers"] =>
  Object.fromEntries(
    Object.entries(req.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]),
  );

/** Refused before the handler saw it. Where the route says of a body too large that nothing was sent, that holds of any refusal. */
const refused = ({ tooLarge }: Route, found: Problem): Reply => {
  if (found.code === "request_too_large") return tooLarge ?? problem(found);
  return tooLarge?.kind === "problem" ? { ...tooLarge, problem: found } : problem(found);
};

const NO_BODY = ok(Buffer.alloc(0));

/** Read only now that nothing speaks against the caller, and for methods alone that have a use for a body. */
const bodyOf = (route: Route, arrival: Arrival, anonymous: boolean): Promise<Result<Buffer>> | Result<Buffer> => {
  if (route.method === "GET" || route.method === "DELETE") return NO_BODY;
  const scan = checkMediaType(flatHeaders(arrival.req)).ok ? jsonScan() : null;
  return readBody({ ...arrival, limit: route.bodyLimit ?? USUAL_BODY, scan, anonymous });
};

const enter = async (system: System, match: Match, arrival: Arrival): Promise<Reply> => {
  const { credentials, pathname, req, elsewhere } = arrival;
  if (elsewhere !== null && match.kind === "route" && match.route.onPublicHost) return movedTo(elsewhere);
  // Nothing may be spent on a request that nobody has made yet; the browser asks again when the person does.
  if (match.kind === "route" && match.route.unsafe && isSpeculative(req.headers)) return { kind: "empty", status: 204 };
  const known = await whoCalls(system, credentials);
  // On public routes a credential that does not hold is as good as none: the handler decides.
  const refusal = refuse(match, pathname, known.ok ? known.value : null);
  if (refusal !== null) {
    const found = refusal.code === "unauthenticated" && !known.ok ? known.problem : refusal;
    return match.kind === "route" ? refused(match.route, found) : problem(found);
  }
  if (match.kind !== "route") return problem({ code: "not_found" });
  const forged = match.route.access === "public" ? null : csrfProblem(req, credentials);
  if (forged !== null) return refused(match.route, forged);
  const body = await bodyOf(match.route, arrival, !known.ok || known.value === null);
  if (!body.ok) return refused(match.route, body.problem);
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

/** 308: the method stays, whatever it is (RFC 9110 §15.4.9). */
export const movedTo = (location: string): Reply => ({ kind: "empty", status: 308, headers: { Location: location } });

/** A write whose answer was lost may have been done: of a message nobody can say that it was not accepted. */
const unavailable = (match: Match, error: Unavailable): Reply => {
  const found = problem(error instanceof Contended ? CONTENDED : { code: "unavailable", retryAfterS: 5 });
  const isMessage = match.kind === "route" && match.route.tooLarge?.kind === "problem";
  return isMessage ? { ...found, outcome: "unknown" } : found;
};

const logOutcome = (system: System, reply: Reply): void => {
  if (reply.kind !== "problem") return;
  const status = FACINGS[reply.problem.code].status;
  if (status >= 500) system.log.warn("request_failed", { problem: reply.problem.code, status });
};

const answer = async (system: System, match: Match, arrival: Arrival): Promise<void> => {
  const { res } = arrival;
  try {
    const reply = await enter(system, match, arrival);
    logOutcome(system, reply);
    writeReply(res, reply, arrival.context);
  } catch (error) {
    if (arrival.gone.aborted || error instanceof CallerGone) return;
    if (error instanceof Unavailable) {
      logUnavailable(system.log, error);
      writeReply(res, unavailable(match, error), arrival.context);
    } else {
      system.log.error("request_defect", {}, error);
      writeDefect(res, arrival.context);
    }
  } finally {
    arrival.share.release();
    dropRest(arrival.req);
  }
};

/** Aborts when the caller has gone before the answer was complete. */
const goneSignal = (res: ServerResponse): AbortSignal => {
  const gone = new AbortController();
  res.once("close", () => {
    if (!res.writableFinished) gone.abort();
  });
  return gone.signal;
};

export interface ServeOptions {
  /** Aborts when the process is told to stop. */
  readonly stopping?: AbortSignal;
  readonly room?: RoomOptions;
  /** Real milliseconds within which a body must have come. */
  readonly bodyMs?: number;
  readonly patience?: PatienceOptions;
}

/**
 * The edge of an HTTP function: finds the route, proves who calls, reads the body, guards against forged requests, and answers,
 * whatever happens, with the security headers and (on failure) RFC 9457 problem details.
 */
export const serveHttp = (routes: readonly Route[], system: System, options: ServeOptions = {}): HttpFunction => {
  const { stopping, room, bodyMs = bodyTimeoutMs(system.clock), patience = ANSWERING } = options;
  const find = router([HEALTH, ...routes]);
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
    void withLogContext(trace, () => withPatience(system.clock, patience, () => answer(system, match, arrival)));
  };
};
