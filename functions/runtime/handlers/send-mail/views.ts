import { parseAddress } from "../../../domain/address.ts";
import { fieldProblem, jsonPointer } from "../../../domain/field-problems.ts";
import { isTagName } from "../../../domain/messages/accept/header-input.ts";
import type { MoveDeps } from "../../../domain/messages/delivery-deps.ts";
import { visibleMessage } from "../../../domain/messages/message-access.ts";
import { MESSAGE_STATUSES } from "../../../domain/messages/statuses.ts";
import { listMessages, type MessageFilter } from "../../../domain/messages/views/list-messages.ts";
import { type ContentDeps, readContent } from "../../../domain/messages/views/message-content.ts";
import { searchTerms } from "../../../domain/messages/views/message-search.ts";
import { messageView } from "../../../domain/messages/views/message-view.ts";
import { type FieldProblem, invalidRequest } from "../../../domain/problem.ts";
import { fail, ok, type Result } from "../../../domain/result.ts";
import { answerJson, answerProblem, answerWith, callerOf, pathParameter } from "../../answers.ts";
import type { Call, Route } from "../../http.ts";
import { badCursor, instantIn, parsePageRequest, unknownParameters } from "../../page-query.ts";

const TAG = "tag.";

/** An address of the query in the form that lists compare, or the problem with it. */
const addressIn = (query: URLSearchParams, name: "from" | "to", problems: FieldProblem[]): string | null => {
  const given = query.get(name);
  const address = given === null ? null : parseAddress(given);
  if (given !== null && address === null) problems.push(fieldProblem(`/${name}`, "not_address"));
  return address;
};

/** A Message-ID, with or without its angle brackets. Programs choose their own, so it may be any text. */
const messageIdIn = (query: URLSearchParams, problems: FieldProblem[]): string | null => {
  const given = query.get("messageId");
  if (given !== null && /^<?>?$/.test(given.trim())) problems.push(fieldProblem("/messageId", "not_message_id"));
  return given;
};

const tagsIn = (query: URLSearchParams, problems: FieldProblem[]): Readonly<Record<string, string>> => {
  const given = [...query].filter(([name]) => name.startsWith(TAG));
  for (const [name] of given) {
    if (!isTagName(name.slice(TAG.length))) problems.push(fieldProblem(jsonPointer([name]), "bad_tag_name"));
  }
  return Object.fromEntries(given.map(([name, value]) => [name.slice(TAG.length), value]));
};

/** Reads the filters of the list. Any text is a valid `q` or value of a tag, because people type it. */
const filterOf = (query: URLSearchParams): Result<MessageFilter> => {
  const problems: FieldProblem[] = [];
  const server = query.get("server");
  if (server === "") problems.push(fieldProblem("/server", "required"));
  const wanted = query.get("status");
  const status = MESSAGE_STATUSES.find((known) => known === wanted) ?? null;
  if (wanted !== null && status === null) {
    problems.push(fieldProblem("/status", "not_one_of", { values: MESSAGE_STATUSES.join(", ") }));
  }
  const rejected = query.get("rejected");
  if (rejected !== null && rejected !== "true") {
    problems.push(fieldProblem("/rejected", "not_one_of", { values: "true" }));
  }
  const filter: MessageFilter = {
    server,
    status,
    to: addressIn(query, "to", problems),
    terms: searchTerms(query.get("q") ?? ""),
    rejected: rejected !== null,
    key: query.get("key"),
    from: addressIn(query, "from", problems),
    messageId: messageIdIn(query, problems),
    tags: tagsIn(query, problems),
    afterMs: instantIn(query, "after", problems),
    beforeMs: instantIn(query, "before", problems),
  };
  return problems.length > 0 ? fail(invalidRequest(...problems)) : ok(filter);
};

/** The parameters of the list, besides those of its pages and `tag.<name>`. */
export const FILTERS = [
  "server",
  "status",
  "from",
  "to",
  "after",
  "before",
  "messageId",
  "q",
  "rejected",
  "key",
] as const;

const list = (system: MoveDeps) => async (call: Call) => {
  const tags = [...call.query.keys()].filter((name) => name.startsWith(TAG));
  const page = parsePageRequest(call.query, [...FILTERS, ...tags]);
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

const content = (system: ContentDeps) => async (call: Call) => {
  const unknown = unknownParameters(call.query, []);
  if (unknown.length > 0) return answerProblem(invalidRequest(...unknown));
  const id = pathParameter(call, "id");
  return answerWith(await readContent(system, callerOf(call), id), (bytes) => ({
    kind: "file",
    type: "message/rfc822",
    name: `${id}.eml`,
    bytes,
  }));
};

/** What is shown of messages. Reading the content writes to the audit, so a speculative request must not. */
export const viewRoutes = (system: MoveDeps & ContentDeps): readonly Route[] => [
  { method: "GET", path: "/v1/messages", access: "programs", handle: list(system) },
  { method: "GET", path: "/v1/messages/:id", access: "programs", handle: show(system) },
  { method: "GET", path: "/v1/messages/:id/content", access: "people", unsafe: true, handle: content(system) },
];
