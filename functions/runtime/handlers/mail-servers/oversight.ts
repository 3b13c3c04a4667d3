import { auditView } from "../../../domain/access/audit.ts";
import { examine } from "../../../domain/doctor/examine.ts";
import { answerJson, answerProblem } from "../../answers.ts";
import type { Call, Route } from "../../http.ts";
import { badCursor, parsePageRequest } from "../../page-query.ts";
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

const doctor = (system: System) => async (call: Call) => answerJson(200, await examine(system, call.language));

/** `/v1/audit` and `/v1/doctor`: what was done, and what needs to be done. */
export const oversightRoutes = (system: System): readonly Route[] => [
  { method: "GET", path: "/v1/audit", access: "operators", handle: audit(system) },
  { method: "GET", path: "/v1/doctor", access: "operators", handle: doctor(system) },
];
