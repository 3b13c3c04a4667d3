import { auditView } from "../../../domain/access/audit.ts";
import { AUDIT_ACTIONS } from "../../../domain/access/audit-actions.ts";
import { type AuditFilter, listAudit } from "../../../domain/access/list-audit.ts";
import { examine } from "../../../domain/doctor/examine.ts";
import { fieldProblem } from "../../../domain/field-problems.ts";
import { readStats, STATS_STEPS, type StatsStep, type StatsWanted } from "../../../domain/messages/views/stats.ts";
import { type FieldProblem, invalidRequest } from "../../../domain/problem.ts";
import { fail, ok, type Result } from "../../../domain/result.ts";
import { answerJson, answerProblem, answerWith, callerOf } from "../../answers.ts";
import type { Call, Route } from "../../http.ts";
import { badCursor, instantIn, parsePageRequest, unknownParameters } from "../../page-query.ts";
import type { System } from "../../system.ts";

export const AUDIT_FILTERS = ["actor", "action", "target", "after", "before"] as const;

/** Reads the filters of the audit. Any text is a valid actor or target, because people type them. */
const auditFilterOf = (query: URLSearchParams): Result<AuditFilter> => {
  const problems: FieldProblem[] = [];
  const wanted = query.get("action");
  const action = AUDIT_ACTIONS.find((known) => known === wanted) ?? null;
  if (wanted !== null && action === null) {
    problems.push(fieldProblem("/action", "not_one_of", { values: AUDIT_ACTIONS.join(", ") }));
  }
  const [afterMs, beforeMs] = [instantIn(query, "after", problems), instantIn(query, "before", problems)];
  const filter = { actor: query.get("actor"), action, target: query.get("target"), afterMs, beforeMs };
  return problems.length > 0 ? fail(invalidRequest(...problems)) : ok(filter);
};

const audit = (system: System) => async (call: Call) => {
  const wanted = parsePageRequest(call.query, AUDIT_FILTERS);
  if (!wanted.ok) return answerProblem(wanted.problem);
  const filter = auditFilterOf(call.query);
  if (!filter.ok) return answerProblem(filter.problem);
  const deps = { records: system.records, nowMs: system.clock.nowMs() };
  const page = await listAudit(deps, filter.value, wanted.value);
  if (page === "bad_cursor") return answerProblem(badCursor);
  return answerJson(200, { items: page.items.map(({ value }) => auditView(value)), next: page.next });
};

const STEPS = Object.keys(STATS_STEPS);
const isStep = (text: string): text is StatsStep => Object.hasOwn(STATS_STEPS, text);

export const STATS_PARAMETERS = ["from", "to", "by", "server"] as const;

const statsWanted = (query: URLSearchParams): Result<StatsWanted> => {
  const problems = unknownParameters(query, STATS_PARAMETERS);
  const by = query.get("by") ?? "day";
  if (!isStep(by)) problems.push(fieldProblem("/by", "not_one_of", { values: STEPS.join(", ") }));
  const server = query.get("server");
  if (server === "") problems.push(fieldProblem("/server", "required"));
  const [fromMs, toMs] = [instantIn(query, "from", problems), instantIn(query, "to", problems)];
  return isStep(by) && problems.length === 0 ? ok({ by, fromMs, toMs, server }) : fail(invalidRequest(...problems));
};

const stats = (system: System) => async (call: Call) => {
  const wanted = statsWanted(call.query);
  if (!wanted.ok) return answerProblem(wanted.problem);
  return answerWith(await readStats(system, callerOf(call), wanted.value), (view) => answerJson(200, view));
};

const doctor = (system: System) => async (call: Call) => answerJson(200, await examine(system, call.language));

/** `/v1/audit`, `/v1/stats` and `/v1/doctor`: what was done, what became of mail, and what needs to be done. */
export const oversightRoutes = (system: System): readonly Route[] => [
  { method: "GET", path: "/v1/audit", access: "operators", handle: audit(system) },
  { method: "GET", path: "/v1/stats", access: "people", handle: stats(system) },
  { method: "GET", path: "/v1/doctor", access: "operators", handle: doctor(system) },
];
