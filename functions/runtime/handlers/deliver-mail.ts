import { SECOND } from "../../domain/clock.ts";
import { accessTokens } from "../../domain/connections/tokens/access-token.ts";
import { fieldProblem } from "../../domain/field-problems.ts";
import { type AcceptDeps, acceptMessage } from "../../domain/messages/accept/accept.ts";
import { isIdempotencyKey } from "../../domain/messages/accept/idempotency.ts";
import { TOPIC_SIZE_LIMIT } from "../../domain/messages/accept/message-input.ts";
import { recordRefused } from "../../domain/messages/accept/record-refused.ts";
import { deliverMessage } from "../../domain/messages/deliver/deliver.ts";
import { InstanceMemory } from "../../domain/messages/deliver/instance-memory.ts";
import type { DeliveryDeps } from "../../domain/messages/delivery-deps.ts";
import { INTERNAL_ATTRIBUTES } from "../../domain/messages/publish-delivery.ts";
import { invalidRequest, type Problem } from "../../domain/problem.ts";
import { jsonData, type OnPush, type PushMessage, type PushOutcome } from "../event-edge.ts";
import type { System } from "../system.ts";

const idIn = (data: unknown): string | null => {
  const id: unknown = typeof data === "object" && data !== null ? Reflect.get(data, "id") : undefined;
  return typeof id === "string" ? id : null;
};

/** Handles one of our own pushes, which holds the id of a message that may be due. */
const deliver = async (deps: DeliveryDeps, message: PushMessage): Promise<PushOutcome> => {
  const json = jsonData(message);
  const id = json.ok ? idIn(json.value) : null;
  if (id === null) deps.log.error("push_malformed", { messageId: message.messageId });
  else await deliverMessage(deps, id, { again: (message.deliveryAttempt ?? 1) > 1 });
  return "ack";
};

const refuse = async (
  deps: DeliveryDeps,
  message: PushMessage,
  refused: { readonly json: unknown; readonly problem: Problem },
): Promise<PushOutcome> => {
  deps.log.warn("topic_message_refused", { messageId: message.messageId, problem: refused.problem.code });
  await recordRefused(deps, { pubsubId: message.messageId, ...refused });
  return "ack";
};

/** A later release has published it for itself. It is no mail; once that release alone runs, its functions take it. */
const leaveToLater = ({ log }: DeliveryDeps, { messageId }: PushMessage): PushOutcome => {
  log.warn("later_push_left", { messageId });
  return "nack";
};

/**
 * Accepts a message that a program published on `mail-send`: the input of `POST /v1/messages`, under the attribute's
 * idempotency key or Pub/Sub's message id.
 */
const accept = async (deps: DeliveryDeps & AcceptDeps, message: PushMessage): Promise<PushOutcome> => {
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

/**
 * Within this nominal time, a pause, archiving or disconnection takes effect in every running instance. The embedded
 * store is asked each time, because a read is cheap there.
 */
const SERVER_CACHE_MS = { google: 5 * SECOND, embedded: 0 } as const;

/** Topic `mail-send`: sends one message, or accepts one that a program published there. */
export const onPush = (system: System): OnPush => {
  const memory = new InstanceMemory(system.clock, SERVER_CACHE_MS[system.config.store]);
  const deps: DeliveryDeps & AcceptDeps = { ...system, accessTokens: accessTokens(system), memory };
  return async (message) => {
    const { relais } = message.attributes;
    if (relais === undefined) return accept(deps, message);
    return relais === INTERNAL_ATTRIBUTES.relais ? deliver(deps, message) : leaveToLater(deps, message);
  };
};
