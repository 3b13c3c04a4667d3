import { auditView } from "../../../domain/access/audit.ts";
import { examine } from "../../../domain/doctor/examine.ts";
import { answerJson, answerProblem } from "../../answers.ts";
import type { Call, Route } from "../../http.ts";
import { badCursor, pageRequest } from "../../page-query.ts";
import type { System } from "../../system.ts";

const audit = (system: System) => async (call: Call) => {
  const wanted = pageRequest(call.query);
  if (!wanted.ok) return answerProblem(wanted.problem);
  const page = await system.records.query("auditNewest", {}, wanted.value);
  if (page === "bad_cursor") return answerProblem(badCursor);
  // The store may take its time to erase what is past its term: it is over all the same.
  const kept = page.items.filter(({ value }) => value.eraseAtMs > system.clock.nowMs());
  const items = kept.map(({ value }) => auditView(value));
  return answerJson(200, { items, next: page.next });
};

const doctor = (system: System) => async (call: Call) => answerJson(200, await examine(system, call.language));

/** `/v1/audit` and `/v1/doctor`: what was done, and what is to be done. */
export const oversightRoutes = (system: System): readonly Route[] => [
  { method: "GET", path: "/v1/audit", access: "operators", handle: audit(system) },
  { method: "GET", path: "/v1/doctor", access: "operators", handle: doctor(system) },
];
