import { fieldProblem } from "../../../domain/field-problems.ts";
import { type AcceptDeps, acceptMessage } from "../../../domain/messages/accept/accept.ts";
import { isIdempotencyKey } from "../../../domain/messages/accept/idempotency.ts";
import { TOPIC_SIZE_LIMIT } from "../../../domain/messages/accept/message-input.ts";
import { recordRefused } from "../../../domain/messages/accept/record-refused.ts";
import type { DeliveryDeps } from "../../../domain/messages/delivery-deps.ts";
import { invalidRequest, type Problem } from "../../../domain/problem.ts";
import { jsonData, type PushMessage, type PushOutcome } from "../../event-edge.ts";

const refuse = async (
  deps: DeliveryDeps,
  message: PushMessage,
  refused: { readonly json: unknown; readonly problem: Problem },
): Promise<PushOutcome> => {
  deps.log.warn("topic_message_refused", { messageId: message.messageId, problem: refused.problem.code });
  await recordRefused(deps, { pubsubId: message.messageId, ...refused });
  return "ack";
};

/**
 * Accepts a message that a program published on `mail-send`: the input of `POST /v1/messages`, under the attribute's
 * idempotency key or Pub/Sub's message id.
 */
export const acceptFromTopic = async (deps: DeliveryDeps & AcceptDeps, message: PushMessage): Promise<PushOutcome> => {
  const json = jsonData(message);
  if (!json.ok) return refuse(deps, message, { json: null, problem: json.problem });
  const key = message.attributes.idempotencyKey ?? message.messageId;
  if (!isIdempotencyKey(key)) {
    const field = fieldProblem("", "bad_idempotency_attribute");
    return refuse(deps, message, { json: json.value, problem: invalidRequest(field) });
  }
  const submission = { principal: { kind: "topic" }, json: json.value, idempotencyKey: key } as const;
  const accepted = await acceptMessage(deps, { ...submission, sizeLimit: TOPIC_SIZE_LIMIT });
  if (accepted.ok) return "ack";
  // A temporary problem is worth another delivery; no other problem is.
  if ("retryAfterS" in accepted.problem) return "nack";
  return refuse(deps, message, { json: json.value, problem: accepted.problem });
};
