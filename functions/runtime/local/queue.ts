import type { Deliver } from "../../adapters/sqlite/pump.ts";
import { DELIVERING } from "../../domain/patience.ts";

import { answerPush, type OnPush } from "../event-edge.ts";
import type { SubscribedTopic } from "../functions.ts";
import { withPatience } from "../patience.ts";
import type { System } from "../system.ts";

/** The function that subscribes to each topic; `mail-events` is for subscribers outside. */
export type Subscribers = Readonly<Record<SubscribedTopic, OnPush>>;

/** Passes a message of the embedded queue to its function through the event edge, in Pub/Sub's push envelope. */
export const deliverTo =
  (subscribers: Subscribers, system: Pick<System, "log" | "clock">): Deliver =>
  async (topic, message, delivery) => {
    if (topic === "mail-events") return "ack";
    const envelope = {
      message: {
        messageId: delivery.messageId,
        attributes: message.attributes,
        data: Buffer.from(JSON.stringify(message.data)).toString("base64"),
        publishTime: new Date(delivery.publishedAtMs).toISOString(),
      },
      subscription: `projects/local/subscriptions/${topic}`,
      deliveryAttempt: delivery.attempt,
    };
    const onPush: OnPush = (pushed) => withPatience(system.clock, DELIVERING, () => subscribers[topic](pushed));
    const status = await answerPush(onPush, system, Buffer.from(JSON.stringify(envelope)));
    return status < 300 ? "ack" : "nack";
  };
