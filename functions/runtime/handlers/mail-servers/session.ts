import * as z from "zod";
import { recordAudit } from "../../../domain/access/audit.ts";
import { holderOf } from "../../../domain/access/authenticate.ts";
import { csrfToken } from "../../../domain/access/csrf.ts";
import { endSessionsOf } from "../../../domain/access/end-sessions.ts";
import { principalName } from "../../../domain/access/records.ts";
import { isProgram, programView, sessionView, signedInView } from "../../../domain/access/session-view.ts";
import { endSession, isLiveSession } from "../../../domain/access/sessions.ts";
import { openSetupSession } from "../../../domain/access/setup-session.ts";
import { parseAddress } from "../../../domain/address.ts";
import { fieldProblem, parseWith } from "../../../domain/field-problems.ts";
import { invalidRequest } from "../../../domain/problem.ts";
import { fail, ok, type Result } from "../../../domain/result.ts";
import { readSettings, settingsReader } from "../../../domain/settings/read-settings.ts";
import { allOperators } from "../../../domain/settings/settings-view.ts";
import { answerJson, answerProblem, callerOf, NO_CONTENT } from "../../answers.ts";
import type { Call, Reply, Route } from "../../http.ts";
import { parseJsonBody } from "../../json-body.ts";
import { badCursor, parsePageRequest, unknownParameters } from "../../page-query.ts";
import { refusalsOf } from "../../refused-credentials.ts";
import type { System } from "../../system.ts";

export const tokenInput = z.strictObject({ setupToken: z.string().max(1_000) });

const open =
  (system: System) =>
  async (call: Call): Promise<Reply> => {
    const body = parseJsonBody(call);
    if (!body.ok) return answerProblem(body.problem);
    const input = parseWith(tokenInput, body.value);
    if (!input.ok) return answerProblem(input.problem);
    const { setupToken, production } = system.config;
    const deps = { ...system, setupToken, production, readAccessLists: settingsReader(system) };
    const opened = await openSetupSession(deps, input.value.setupToken, call.sessionId);
    if (!opened.ok) {
      await refusalsOf(system)({ credential: "setup_token", keyId: null });
      return answerProblem(opened.problem);
    }
    const { id, maxAgeS } = opened.value;
    return { ...NO_CONTENT, session: { set: id, maxAgeS } };
  };

const toldToMembers = async ({ records, environment }: System) => {
  const { value } = await readSettings(records, environment);
  return { operators: allOperators(value, environment), paused: value.paused };
};

const show = (system: System) => async (call: Call) => {
  const principal = callerOf(call);
  if (isProgram(principal)) return answerJson(200, programView(principal));
  const csrf = call.sessionId === null ? null : csrfToken(call.sessionId);
  const told = principal.kind === "member" ? await toldToMembers(system) : null;
  return answerJson(200, sessionView(principal, { csrf, toldToMembers: told }));
};

const close =
  (system: System) =>
  async (call: Call): Promise<Reply> => {
    if (call.sessionId !== null) await endSession(system, call.sessionId);
    await recordAudit(system, { actor: principalName(callerOf(call)), action: "session.sign_out", target: "session" });
    return { ...NO_CONTENT, session: "clear" };
  };

/** Enough for a setup token. */
const SESSION_BODY = 8 * 1024;

/** The only parameter: an address, folded. */
const actorIn = (query: URLSearchParams): Result<string> => {
  const problems = unknownParameters(query, ["actor"]);
  const actor = parseAddress(query.get("actor") ?? "");
  if (actor === null) problems.push(fieldProblem("/actor", query.has("actor") ? "not_address" : "required"));
  return actor === null || problems.length > 0 ? fail(invalidRequest(...problems)) : ok(actor);
};

/** Ends a person's sessions everywhere. Their entry on the lists stays, so they may sign in again. */
const endAll = (system: System) => async (call: Call) => {
  const actor = actorIn(call.query);
  if (!actor.ok) return answerProblem(actor.problem);
  const count = await endSessionsOf(system.records, { email: actor.value });
  const entry = { actor: principalName(callerOf(call)), action: "session.end", target: actor.value } as const;
  await recordAudit(system, { ...entry, detail: { count } });
  if (count > 0) system.log.info("sessions_ended", { by: "operator", count });
  return NO_CONTENT;
};

/** Who is signed in. Sessions that let nobody in are left out, so a page may hold fewer than asked for. */
const listAll = (system: System) => async (call: Call) => {
  const wanted = parsePageRequest(call.query);
  if (!wanted.ok) return answerProblem(wanted.problem);
  const page = await system.records.query("sessionsByAge", {}, wanted.value);
  if (page === "bad_cursor") return answerProblem(badCursor);
  const { setupToken, production } = system.config;
  const lists = await settingsReader(system)();
  const items = page.items.flatMap(({ value }) => {
    const person = isLiveSession(system.clock, value)
      ? holderOf({ ...system, setupToken, production }, value.actor, lists)
      : null;
    return person === null ? [] : [signedInView(person, value)];
  });
  return answerJson(200, { items, next: page.next });
};

/** `/v1/session`, and everyone's sessions. Opening one is public, because that is how a browser signs in. */
export const sessionRoutes = (system: System): readonly Route[] => [
  { method: "POST", path: "/v1/session", access: "public", bodyLimit: SESSION_BODY, handle: open(system) },
  { method: "GET", path: "/v1/session", access: "programs", handle: show(system) },
  { method: "DELETE", path: "/v1/session", access: "people", handle: close(system) },
  { method: "GET", path: "/v1/sessions", access: "operators", handle: listAll(system) },
  { method: "DELETE", path: "/v1/sessions", access: "operators", handle: endAll(system) },
];
