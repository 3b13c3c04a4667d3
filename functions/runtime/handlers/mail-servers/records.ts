import { fieldProblem } from "../../../domain/field-problems.ts";
import type { Language } from "../../../domain/language.ts";
import { createMailServer } from "../../../domain/mail-servers/create-mail-server.ts";
import { deleteMailServer } from "../../../domain/mail-servers/delete-mail-server.ts";
import { editMailServer } from "../../../domain/mail-servers/edit-mail-server.ts";
import { listMailServers } from "../../../domain/mail-servers/list-mail-servers.ts";
import type { MailServer } from "../../../domain/mail-servers/mail-server.ts";
import { mailServerView } from "../../../domain/mail-servers/mail-server-view.ts";
import { visibleServer } from "../../../domain/mail-servers/server-access.ts";
import { cancelOpenMessages } from "../../../domain/messages/commands/cancel.ts";
import { openMessages } from "../../../domain/messages/commands/open-messages.ts";
import { readUsage } from "../../../domain/messages/limits/usage.ts";
import { closeLedger } from "../../../domain/messages/stats/ledger-tally.ts";
import { invalidRequest } from "../../../domain/problem.ts";
import { problemText } from "../../../domain/problem-texts.ts";
import type { Versioned } from "../../../domain/records.ts";
import { answerJson, answerProblem, answerWith, callerOf, NO_CONTENT, pathParameter } from "../../answers.ts";
import type { Call, Reply, Route } from "../../http.ts";
import { parseJsonBody } from "../../json-body.ts";
import { badCursor, parsePageRequest, unknownParameters } from "../../page-query.ts";
import type { System } from "../../system.ts";
import { disconnectServer } from "./connections.ts";

const viewIn = (language: Language) => (server: Versioned<MailServer>) =>
  mailServerView(server, (reason) => problemText(reason, language).advice);

const answerServer = (call: Call, status: number, server: Versioned<MailServer>): Reply => {
  const view = viewIn(call.language)(server);
  return answerJson(status, view, {
    ETag: `"${view.etag}"`,
    ...(status === 201 ? { Location: `/v1/mail-servers/${view.id}` } : {}),
  });
};

const list = (system: System) => async (call: Call) => {
  const wanted = parsePageRequest(call.query);
  if (!wanted.ok) return answerProblem(wanted.problem);
  const page = await listMailServers(system.records, callerOf(call), wanted.value);
  return answerWith(page, (found) =>
    found === "bad_cursor"
      ? answerProblem(badCursor)
      : answerJson(200, { items: found.items.map(viewIn(call.language)), next: found.next }),
  );
};

const create = (system: System) => async (call: Call) => {
  const body = parseJsonBody(call);
  if (!body.ok) return answerProblem(body.problem);
  const created = await createMailServer(system, callerOf(call), body.value);
  return answerWith(created, (server) => answerServer(call, 201, server));
};

const read = (system: System) => async (call: Call) => {
  const server = await visibleServer(system.records, callerOf(call), pathParameter(call, "id"));
  return answerWith(server, (found) => answerServer(call, 200, found));
};

/**
 * The counts that the limits apply to. They are not part of the record, since they change with every message and nobody
 * edits them.
 */
const usage = (system: System) => async (call: Call) => {
  const server = await visibleServer(system.records, callerOf(call), pathParameter(call, "id"));
  if (!server.ok) return answerProblem(server.problem);
  return answerJson(200, await readUsage(system, server.value.id));
};

const edit = (system: System) => async (call: Call) => {
  const patch = parseJsonBody(call);
  if (!patch.ok) return answerProblem(patch.problem);
  const edited = await editMailServer(system, callerOf(call), {
    id: pathParameter(call, "id"),
    patch: patch.value,
    ifMatch: call.headers["if-match"] ?? null,
  });
  if (!edited.ok) return answerProblem(edited.problem);
  return answerServer(call, 200, edited.value);
};

const remove = (system: System) => async (call: Call) => {
  const problems = unknownParameters(call.query, ["messages"]);
  const messages = call.query.get("messages");
  if (messages !== null && messages !== "cancel")
    problems.push(fieldProblem("/messages", "not_one_of", { values: "cancel" }));
  if (problems.length > 0) return answerProblem(invalidRequest(...problems));
  const principal = callerOf(call);
  const deps = {
    ...system,
    openMessages: openMessages(system),
    closeLedger: (serverId: string) => closeLedger(system, serverId),
    cancelWaiting: async (serverId: string) => {
      await cancelOpenMessages(system, serverId);
    },
    disconnect: disconnectServer(system, principal),
  };
  const removed = await deleteMailServer(deps, principal, {
    id: pathParameter(call, "id"),
    cancel: messages === "cancel",
    ifMatch: call.headers["if-match"] ?? null,
  });
  return answerWith(removed, () => NO_CONTENT);
};

/** `/v1/mail-servers`: the records. */
export const recordRoutes = (system: System): readonly Route[] => [
  { method: "GET", path: "/v1/mail-servers", access: "programs", handle: list(system) },
  { method: "POST", path: "/v1/mail-servers", access: "people", handle: create(system) },
  { method: "GET", path: "/v1/mail-servers/:id", access: "people", handle: read(system) },
  { method: "GET", path: "/v1/mail-servers/:id/usage", access: "people", handle: usage(system) },
  { method: "PATCH", path: "/v1/mail-servers/:id", access: "people", handle: edit(system) },
  { method: "DELETE", path: "/v1/mail-servers/:id", access: "people", handle: remove(system) },
];
