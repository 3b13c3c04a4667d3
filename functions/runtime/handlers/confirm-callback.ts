import { takeSecurityEvents } from "../../domain/connections/checks/security-events.ts";
import type { CallbackProblem } from "../../domain/connections/connect/callback.ts";
import { confirmAuthorization } from "../../domain/connections/connect/confirm.ts";
import { detail } from "../../domain/detail-texts.ts";
import type { Problem } from "../../domain/problem.ts";
import type { Call, Reply, Route } from "../http.ts";
import { type PageContext, problemPage } from "../pages/problem-page.ts";
import type { System } from "../system.ts";

/** RFC 6749 §3.1: no parameter may occur more than once; if one does, it counts as absent. */
const single = (query: URLSearchParams, name: string): string | null => {
  const [value, ...more] = query.getAll(name);
  return value === undefined || value === "" || more.length > 0 ? null : value;
};

const seeOther = (location: string): Reply => ({ kind: "empty", status: 303, headers: { Location: location } });

const asProblem = (found: CallbackProblem): Problem =>
  found.code === "google_unavailable" ? found : { code: found.code };

const accountsIn = (found: CallbackProblem): PageContext["accounts"] => ("came" in found ? found : null);

/** Google adds parameters of its own (`scope`, `authuser`, `hd`, `prompt` …), so unknown ones are ignored. */
const confirm = async (system: System, call: Call): Promise<Reply> => {
  const { setupToken, production } = system.config;
  const outcome = await confirmAuthorization(
    { ...system, setupToken, production },
    {
      sessionId: call.sessionId,
      state: single(call.query, "state"),
      code: single(call.query, "code"),
      error: single(call.query, "error"),
    },
  );
  switch (outcome.kind) {
    case "connected":
      return seeOther(`/servers/${encodeURIComponent(outcome.serverId)}?connected=1`);
    case "signed_in":
      return outcome.session === null
        ? seeOther(outcome.next)
        : { ...seeOther(outcome.next), session: { set: outcome.session.id, maxAgeS: outcome.session.maxAgeS } };
    case "failed": {
      const { problem, serverId } = outcome;
      return problemPage(asProblem(problem), {
        ...call,
        serverId,
        accounts: accountsIn(problem),
        reloadHelps: !call.query.has("error"),
      });
    }
  }
};

/** RFC 8935 §2.2 names the first type. Google documents none, and a push is a JWT whatever type it has, if any. */
const TOKEN_TYPES: readonly string[] = [
  "application/secevent+jwt",
  "application/jwt",
  "application/octet-stream",
  "application/x-www-form-urlencoded",
  "text/plain",
  "",
];

const takeEvents = async (system: System, call: Call): Promise<Reply> => {
  const [type = ""] = (call.headers["content-type"] ?? "").split(";");
  if (!TOKEN_TYPES.includes(type.trim().toLowerCase())) {
    return { kind: "problem", problem: { code: "unsupported_media_type", detail: detail("not_event_token_type") } };
  }
  const taken = await takeSecurityEvents(system, call.rawBody.toString("latin1").trim());
  return taken.ok ? { kind: "empty", status: 202 } : { kind: "problem", problem: taken.problem };
};

/** Google's tokens hold one event each, a few KiB. */
const SECURITY_EVENT_BODY = 64 * 1024;

/** `GET /google_gmail/confirm`, and Google's security events (RISC). */
export const routes = (system: System): readonly Route[] => [
  {
    method: "GET",
    path: "/google_gmail/confirm",
    access: "public",
    unsafe: true,
    handle: (call) => confirm(system, call),
  },
  {
    method: "POST",
    path: "/google_gmail/security-events",
    access: "public",
    bodyLimit: SECURITY_EVENT_BODY,
    handle: (call) => takeEvents(system, call),
  },
];
