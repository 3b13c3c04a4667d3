import { issueKey, keyView, listedKeyView, revokeKey } from "../../../domain/access/key-register.ts";
import { serverExists } from "../../../domain/mail-servers/server-access.ts";
import { answerJson, answerProblem, answerWith, callerOf, NO_CONTENT, pathParameter } from "../../answers.ts";
import type { Call, Route } from "../../http.ts";
import { parseJsonBody } from "../../json-body.ts";
import { badCursor, parsePageRequest } from "../../page-query.ts";
import type { System } from "../../system.ts";

const list = (system: System) => async (call: Call) => {
  const wanted = parsePageRequest(call.query);
  if (!wanted.ok) return answerProblem(wanted.problem);
  const page = await system.records.query("keysByAge", {}, wanted.value);
  if (page === "bad_cursor") return answerProblem(badCursor);
  const items = page.items.map(listedKeyView);
  return answerJson(200, { items, next: page.next });
};

const issue = (system: System) => async (call: Call) => {
  const body = parseJsonBody(call);
  if (!body.ok) return answerProblem(body.problem);
  const deps = { ...system, serverExists: serverExists(system.records) };
  const issued = await issueKey(deps, callerOf(call), body.value);
  return answerWith(issued, ({ key, issued: record }) =>
    // The only answer that shows a key: it cannot be shown again.
    answerJson(201, { ...keyView(record), key: key.reveal() }, { Location: `/v1/keys/${record.id}` }),
  );
};

const revoke = (system: System) => async (call: Call) => {
  const revoked = await revokeKey(system, callerOf(call), pathParameter(call, "id"));
  return answerWith(revoked, () => NO_CONTENT);
};

/** `/v1/keys`: the keys of programs. */
export const keyRoutes = (system: System): readonly Route[] => [
  { method: "GET", path: "/v1/keys", access: "operators", handle: list(system) },
  { method: "POST", path: "/v1/keys", access: "operators", handle: issue(system) },
  { method: "DELETE", path: "/v1/keys/:id", access: "operators", handle: revoke(system) },
];
