import type { Principal } from "../../domain/access/records.ts";
import { findSession } from "../../domain/access/sessions.ts";
import { ownPath } from "../../domain/connections/connect/own-path.ts";
import { type Started, startConnecting, startSigningIn } from "../../domain/connections/connect/start.ts";
import { fieldProblem } from "../../domain/field-problems.ts";
import { invalidRequest, type Problem } from "../../domain/problem.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import type { Call, Reply, Route } from "../http.ts";
import { unknownParameters } from "../page-query.ts";
import { problemPage } from "../pages/problem-page.ts";
import type { System } from "../system.ts";

type StartRequest =
  | { readonly kind: "connect"; readonly serverId: string }
  | { readonly kind: "sign_in"; readonly next: string };

/** Reads `?server=<id>`, or `?sign-in` with `next`, a path on our own origin. */
const parseStartRequest = (query: URLSearchParams): Result<StartRequest> => {
  const problems = unknownParameters(query, ["server", "sign-in", "next"]);
  const server = query.get("server");
  const flag = query.get("sign-in");
  const next = ownPath(query.get("next") ?? "/");
  if (server === null && flag === null) problems.push(fieldProblem("/server", "server_or_sign_in"));
  if (server !== null && flag !== null) problems.push(fieldProblem("/sign-in", "server_and_sign_in"));
  if (server === "") problems.push(fieldProblem("/server", "required"));
  if (flag !== null && flag !== "") problems.push(fieldProblem("/sign-in", "no_value_allowed"));
  if (query.has("next") && flag === null) problems.push(fieldProblem("/next", "only_with_sign_in"));
  if (next === null) problems.push(fieldProblem("/next", "not_own_path"));
  if (problems.length > 0 || next === null) return fail(invalidRequest(...problems));
  return ok(server === null ? { kind: "sign_in", next } : { kind: "connect", serverId: server });
};

const redirect = (status: number, location: string): Reply => ({
  kind: "empty",
  status,
  headers: { Location: location },
});

/** A browser navigates here, so it gets a page; a program gets problem details. */
const refuse = (call: Call, problem: Problem, serverId: string | null = null): Reply =>
  (call.headers.accept ?? "").includes("text/html")
    ? problemPage(problem, { ...call, serverId })
    : { kind: "problem", problem };

const isPerson = (principal: Principal): boolean =>
  principal.kind === "operator" || principal.kind === "member" || principal.kind === "setup";

const redirectToGoogle = ({ location, cookie }: Started): Reply => ({
  ...redirect(302, location),
  ...(cookie === null ? {} : { session: { set: cookie.id, maxAgeS: cookie.maxAgeS } }),
});

const authorize = async (system: System, call: Call): Promise<Reply> => {
  const request = parseStartRequest(call.query);
  if (!request.ok) return refuse(call, request.problem);
  const { sessionId } = call;
  const browser = { sessionId, live: sessionId !== null && (await findSession(system, sessionId)) !== null };
  if (request.value.kind === "sign_in") {
    const started = await startSigningIn(system, browser, request.value.next);
    return started.ok ? redirectToGoogle(started.value) : refuse(call, started.problem);
  }
  const { serverId } = request.value;
  const { principal } = call;
  if (principal === null) {
    const back = `${call.path}?server=${encodeURIComponent(serverId)}`;
    return redirect(303, `/sign-in?next=${encodeURIComponent(back)}`);
  }
  if (!isPerson(principal)) return refuse(call, { code: "forbidden" });
  const started = await startConnecting(system, { ...browser, principal }, serverId);
  return started.ok ? redirectToGoogle(started.value) : refuse(call, started.problem);
};

/**
 * `GET /google_gmail/authorize`: redirects to Google's consent for a mail server, or to a
 * sign-in.
 */
export const routes = (system: System): readonly Route[] => [
  {
    method: "GET",
    path: "/google_gmail/authorize",
    access: "public",
    unsafe: true,
    onPublicHost: true,
    handle: (call) => authorize(system, call),
  },
];
