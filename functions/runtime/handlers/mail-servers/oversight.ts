import { auditView } from "../../../domain/access/audit.ts";
import { examine } from "../../../domain/doctor/examine.ts";
import { fieldProblem } from "../../../domain/field-problems.ts";
import { readStats, STATS_STEPS, type StatsStep, type StatsWanted } from "../../../domain/messages/views/stats.ts";
import { invalidRequest } from "../../../domain/problem.ts";
import { fail, ok, type Result } from "../../../domain/result.ts";
import { answerJson, answerProblem, answerWith, callerOf } from "../../answers.ts";
import type { Call, Route } from "../../http.ts";
import { badCursor, instantIn, parsePageRequest, unknownParameters } from "../../page-query.ts";
import type { System } from "../../system.ts";

const audit = (system: System) => async (call: Call) => {
  const wanted = parsePageRequest(call.query);
  if (!wanted.ok) return answerProblem(wanted.problem);
  const page = await system.records.query("auditNewest", {}, wanted.value);
  if (page === "bad_cursor") return answerProblem(badCursor);
  // The store may erase late, but an entry past its term must not be shown.
  const kept = page.items.filter(({ value }) => value.eraseAtMs > system.clock.nowMs());
  const items = kept.map(({ value }) => auditView(value));
  return answerJson(200, { items, next: page.next });
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
