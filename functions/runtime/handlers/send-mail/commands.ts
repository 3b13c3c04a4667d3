import type { AcceptDeps } from "../../../domain/messages/accept/accept.ts";
import { cancelMessage } from "../../../domain/messages/commands/cancel.ts";
import { rescheduleMessage } from "../../../domain/messages/commands/reschedule.ts";
import { resendMessage } from "../../../domain/messages/commands/resend-message.ts";
import { resolveByPerson } from "../../../domain/messages/commands/resolve-by-person.ts";
import { retryMessage } from "../../../domain/messages/commands/retry-message.ts";
import type { MoveDeps } from "../../../domain/messages/delivery-deps.ts";
import type { Message } from "../../../domain/messages/message.ts";
import { messageView } from "../../../domain/messages/views/message-view.ts";
import type { WatchDeps } from "../../../domain/messages/views/wait.ts";
import type { Versioned } from "../../../domain/records.ts";
import type { Result } from "../../../domain/result.ts";
import { answerJson, answerProblem, answerWith, callerOf, pathParameter } from "../../answers.ts";
import { LARGEST_BODY } from "../../body.ts";
import type { Call, Reply, Route } from "../../http.ts";
import { parseJsonBody } from "../../json-body.ts";
import { emptyInput, parseOptionalBody } from "../../optional-body.ts";
import { answerAccepted, forbidsSending, idempotencyKey, notSent } from "./accept.ts";

const answerMessage = (changed: Result<Versioned<Message>>): Reply =>
  answerWith(changed, (message) => answerJson(200, messageView(message)));

const runWithoutBody =
  (system: MoveDeps, command: typeof cancelMessage | typeof retryMessage) => async (call: Call) => {
    const body = parseOptionalBody(call, emptyInput);
    if (!body.ok) return answerProblem(body.problem);
    return answerMessage(await command(system, callerOf(call), pathParameter(call, "id")));
  };

const reschedule = (system: MoveDeps) => async (call: Call) => {
  const body = parseJsonBody(call);
  if (!body.ok) return answerProblem(body.problem);
  const wanted = { id: pathParameter(call, "id"), body: body.value };
  return answerMessage(await rescheduleMessage(system, callerOf(call), wanted));
};

const resolve = (system: MoveDeps) => async (call: Call) => {
  const key = idempotencyKey(call);
  if (!key.ok) return answerProblem(key.problem);
  const body = parseJsonBody(call);
  if (!body.ok) return answerProblem(body.problem);
  const wanted = { id: pathParameter(call, "id"), body: body.value, idempotencyKey: key.value };
  return answerMessage(await resolveByPerson(system, callerOf(call), wanted));
};

/** Answers as if the new message had been posted. */
const resend = (system: AcceptDeps & WatchDeps) => async (call: Call) => {
  const key = idempotencyKey(call);
  if (!key.ok) return notSent(key.problem);
  const body = parseJsonBody(call);
  if (!body.ok) return notSent(body.problem);
  const wanted = { id: pathParameter(call, "id"), body: body.value, idempotencyKey: key.value };
  const accepted = await resendMessage(system, callerOf(call), wanted);
  if (!accepted.ok) return notSent(accepted.problem);
  if (accepted.value.kind === "dry_run") throw new Error("a message that is sent again is never only checked");
  return answerAccepted(system, call, accepted.value);
};

const COMMAND_ROUTE = { access: "programs", bodyLimit: LARGEST_BODY, forbids: forbidsSending } as const;

/** What callers can do with an accepted message. */
export const commandRoutes = (system: MoveDeps & AcceptDeps & WatchDeps): readonly Route[] => [
  { ...COMMAND_ROUTE, method: "PATCH", path: "/v1/messages/:id", handle: reschedule(system) },
  { ...COMMAND_ROUTE, method: "POST", path: "/v1/messages/:id/cancel", handle: runWithoutBody(system, cancelMessage) },
  { ...COMMAND_ROUTE, method: "POST", path: "/v1/messages/:id/retry", handle: runWithoutBody(system, retryMessage) },
  { ...COMMAND_ROUTE, method: "POST", path: "/v1/messages/:id/resolve", handle: resolve(system) },
  { ...COMMAND_ROUTE, method: "POST", path: "/v1/messages/:id/resend", handle: resend(system) },
];
