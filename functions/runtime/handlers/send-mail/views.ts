import { parseAddress } from "../../../domain/address.ts";
import { fieldProblem } from "../../../domain/field-problems.ts";
import type { MoveDeps } from "../../../domain/messages/delivery-deps.ts";
import { visibleMessage } from "../../../domain/messages/message-access.ts";
import { MESSAGE_STATUSES } from "../../../domain/messages/statuses.ts";
import { listMessages, type MessageFilter } from "../../../domain/messages/views/list-messages.ts";
import { searchTerms } from "../../../domain/messages/views/message-search.ts";
import { messageView } from "../../../domain/messages/views/message-view.ts";
import { type FieldProblem, invalidRequest } from "../../../domain/problem.ts";
import { fail, ok, type Result } from "../../../domain/result.ts";
import { answerJson, answerProblem, answerWith, callerOf, pathParameter } from "../../answers.ts";
import type { Call, Route } from "../../http.ts";
import { badCursor, parsePageRequest, unknownParameters } from "../../page-query.ts";

/** Reads `server`, `status`, `to`, `rejected` and `q` of the list. Any text is a valid `q`, because people type it. */
const filterOf = (query: URLSearchParams): Result<MessageFilter> => {
  const problems: FieldProblem[] = [];
  const server = query.get("server");
  if (server === "") problems.push(fieldProblem("/server", "required"));
  const wanted = query.get("status");
  const status = MESSAGE_STATUSES.find((known) => known === wanted) ?? null;
  if (wanted !== null && status === null) {
    problems.push(fieldProblem("/status", "not_one_of", { values: MESSAGE_STATUSES.join(", ") }));
  }
  const address = query.get("to");
  const to = address === null ? null : parseAddress(address);
  if (address !== null && to === null) problems.push(fieldProblem("/to", "not_address"));
  const rejected = query.get("rejected");
  if (rejected !== null && rejected !== "true") {
    problems.push(fieldProblem("/rejected", "not_one_of", { values: "true" }));
  }
  return problems.length > 0
    ? fail(invalidRequest(...problems))
    : ok({ server, status, to, terms: searchTerms(query.get("q") ?? ""), rejected: rejected !== null });
};

const list = (system: MoveDeps) => async (call: Call) => {
  const page = parsePageRequest(call.query, ["server", "status", "to", "q", "rejected"]);
  if (!page.ok) return answerProblem(page.problem);
  const filter = filterOf(call.query);
  if (!filter.ok) return answerProblem(filter.problem);
  const found = await listMessages(system.records, callerOf(call), { filter: filter.value, page: page.value });
  return answerWith(found, (messages) =>
    messages === "bad_cursor"
      ? answerProblem(badCursor)
      : answerJson(200, { items: messages.items.map(messageView), next: messages.next }),
  );
};

const show = (system: MoveDeps) => async (call: Call) => {
  const unknown = unknownParameters(call.query, []);
  if (unknown.length > 0) return answerProblem(invalidRequest(...unknown));
  const message = await visibleMessage(system.records, callerOf(call), pathParameter(call, "id"));
  return answerWith(message, (found) => answerJson(200, messageView(found)));
};

/** `GET /v1/messages` and `/v1/messages/{id}`. */
export const viewRoutes = (system: MoveDeps): readonly Route[] => [
  { method: "GET", path: "/v1/messages", access: "programs", handle: list(system) },
  { method: "GET", path: "/v1/messages/:id", access: "programs", handle: show(system) },
];
