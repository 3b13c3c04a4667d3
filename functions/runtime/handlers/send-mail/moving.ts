import { cancelMessage } from "../../../domain/messages/commands/cancel.ts";
import { rescheduleMessage } from "../../../domain/messages/commands/reschedule.ts";
import { resolveByPerson } from "../../../domain/messages/commands/resolve-by-person.ts";
import { retryMessage } from "../../../domain/messages/commands/retry-message.ts";
import type { MoveDeps } from "../../../domain/messages/delivery-deps.ts";
import type { Message } from "../../../domain/messages/message.ts";
import { messageView } from "../../../domain/messages/views/message-view.ts";
import type { Versioned } from "../../../domain/records.ts";
import type { Result } from "../../../domain/result.ts";
import { answerJson, answerProblem, answerWith, callerOf, pathParameter } from "../../answers.ts";
import { LARGEST_BODY } from "../../body.ts";
import type { Call, Reply, Route } from "../../http.ts";
import { jsonBody } from "../../json-body.ts";
import { nothingInput, optionalBody } from "../../optional-body.ts";
import { forbidsSending } from "./accepting.ts";

const answerMoved = (moved: Result<Versioned<Message>>): Reply =>
  answerWith(moved, (message) => answerJson(200, messageView(message)));

const withoutBody = (system: MoveDeps, move: typeof cancelMessage | typeof retryMessage) => async (call: Call) => {
  const body = optionalBody(call, nothingInput);
  if (!body.ok) return answerProblem(body.problem);
  return answerMoved(await move(system, callerOf(call), pathParameter(call, "id")));
};

type ByBody = typeof rescheduleMessage | typeof resolveByPerson;

const withBody = (system: MoveDeps, move: ByBody) => async (call: Call) => {
  const body = jsonBody(call);
  if (!body.ok) return answerProblem(body.problem);
  return answerMoved(await move(system, callerOf(call), { id: pathParameter(call, "id"), body: body.value }));
};

const movers = { access: "programs", bodyLimit: LARGEST_BODY, forbids: forbidsSending } as const;

/** What callers do with a message once it was accepted. */
export const movingRoutes = (system: MoveDeps): readonly Route[] => [
  { ...movers, method: "PATCH", path: "/v1/messages/:id", handle: withBody(system, rescheduleMessage) },
  { ...movers, method: "POST", path: "/v1/messages/:id/cancel", handle: withoutBody(system, cancelMessage) },
  { ...movers, method: "POST", path: "/v1/messages/:id/retry", handle: withoutBody(system, retryMessage) },
  { ...movers, method: "POST", path: "/v1/messages/:id/resolve", handle: withBody(system, resolveByPerson) },
];
