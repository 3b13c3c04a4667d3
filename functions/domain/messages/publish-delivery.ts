import type { Log } from "../log.ts";
import type { Publisher } from "../publisher.ts";

/** The attribute that distinguishes our own messages on `mail-send` (only an id) from those that callers publish. */
export const INTERNAL_ATTRIBUTES = { relais: "deliver" } as const;

/** A message, as far as its publication is concerned. */
interface Publishable {
  readonly id: string;
  readonly value: { readonly serverId: string };
}

/**
 * Publishes the id of a message that may be sent now. It only logs a failure: the record is due in a minute, and
 * `dispatch-due` then publishes it again.
 */
export const publishForDelivery = async (
  deps: { readonly publisher: Publisher; readonly log: Log },
  { id, value: { serverId } }: Publishable,
): Promise<void> => {
  try {
    await deps.publisher.publish("mail-send", { data: { id }, attributes: INTERNAL_ATTRIBUTES, lane: serverId });
  } catch (error) {
    deps.log.error("message_publish_failed", { id }, error);
  }
};

/** Asks `dispatch-due` to release messages that have room again. If this is lost, it does so by itself in a minute. */
export const publishRoom = async (
  deps: { readonly publisher: Publisher; readonly log: Log },
  serverId: string,
): Promise<void> => {
  try {
    await deps.publisher.publish("mail-dispatch", { data: { room: serverId }, attributes: { relais: "room" } });
  } catch (error) {
    deps.log.error("release_put_off", { server: serverId }, error);
  }
};
