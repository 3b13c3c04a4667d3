import { SECOND } from "../../domain/clock.ts";
import { accessTokens } from "../../domain/connections/tokens/access-token.ts";
import type { AcceptDeps } from "../../domain/messages/accept/accept.ts";
import { deliverMessage } from "../../domain/messages/deliver/deliver.ts";
import { InstanceMemory } from "../../domain/messages/deliver/instance-memory.ts";
import type { DeliveryDeps } from "../../domain/messages/delivery-deps.ts";
import { INTERNAL_ATTRIBUTES } from "../../domain/messages/publish-delivery.ts";
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

/** A later release has published it for itself. It is no mail; once that release alone runs, its functions take it. */
const leaveToLater = ({ log }: DeliveryDeps, { messageId }: PushMessage): PushOutcome => {
  log.warn("later_push_left", { messageId });
  return "nack";
};

/**
 * Within this nominal time, a pause, archiving or disconnection takes effect in every running instance. The embedded
 * store is asked each time, because a read is cheap there.
 */
const FACTS_FOR_MS = { google: 5 * SECOND, embedded: 0 } as const;

/** Topic `mail-send`: sends one message, or accepts one that a program published there. */
export const onPush = (system: System): OnPush => {
  const { clock, config, deliversAlone: isAlone } = system;
  const memory = new InstanceMemory(clock, { factsForMs: FACTS_FOR_MS[config.store], isAlone });
  const deps: DeliveryDeps & AcceptDeps = { ...system, accessTokens: accessTokens(system), memory };
  return async (message) => {
    const { relais } = message.attributes;
    // Loaded only for programs that publish, because everything that accepts a message takes a cold start a tenth more.
    if (relais === undefined)
      return (await import("./deliver-mail/accept-from-topic.ts")).acceptFromTopic(deps, message);
    return relais === INTERNAL_ATTRIBUTES.relais ? deliver(deps, message) : leaveToLater(deps, message);
  };
};
