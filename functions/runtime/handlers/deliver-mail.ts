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

/** One of ours: the id of a message that may be due. */
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

/** A message that somebody published on `mail-send`: what `POST /v1/messages` would take, under the attribute's key or Pub/Sub's own id. */
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
  // What passes by itself is worth another delivery; anything else never is.
  if ("retryAfterS" in accepted.problem) return "nack";
  return refuse(deps, message, { json: json.value, problem: accepted.problem });
};

/**
 * A pause, an archiving or a disconnection is in force within so long (nominal) in every instance that is under way. The embedded store is asked each
 * time: there a read costs nothing.
 */
const FACTS_FOR_MS = { google: 5 * SECOND, embedded: 0 } as const;

/** Topic `mail-send`: sends one message, or takes one that a program published there. */
export const onPush = (system: System): OnPush => {
  const memory = new InstanceMemory(system.clock, FACTS_FOR_MS[system.config.store]);
  const deps: DeliveryDeps & AcceptDeps = { ...system, accessTokens: accessTokens(system), memory };
  return (message) =>
    message.attributes.relais === INTERNAL_ATTRIBUTES.relais ? deliver(deps, message) : accept(deps, message);
};
