import type { Publisher } from "../domain/publisher.ts";
import { currentTrace } from "./logger.ts";
import { traceAttributes } from "./trace.ts";

/** Gives every message the trace of the request that publishes it, so that one trace leads from a POST to Gmail. */
export const carryingTrace = (publisher: Publisher): Publisher => ({
  publish: (topic, message) =>
    publisher.publish(topic, { ...message, attributes: { ...message.attributes, ...traceAttributes(currentTrace()) } }),
});
