import type { Log } from "../log.ts";
import type { Publisher } from "../publisher.ts";

/** Attribute that tells our own messages on `mail-send` (an id only) from those that callers publish there. */
export const INTERNAL_ATTRIBUTES = { relais: "deliver" } as const;

/**
 * Puts the id of a message that may be sent now on the topic. A failure is logged and no more: the record is due in a minute and
 * `dispatch-due` publishes it again, so the caller has nothing to mend.
 */
export const publishForDelivery = async (
  deps: { readonly publisher: Publisher; readonly log: Log },
  id: string,
): Promise<void> => {
  try {
    await deps.publisher.publish("mail-send", { data: { id }, attributes: INTERNAL_ATTRIBUTES });
  } catch (error) {
    deps.log.error("message_publish_failed", { message: id }, error);
  }
};

/** There is room again for those that wait for it: `dispatch-due` looks at them, which it does by itself in a minute should this be lost. */
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
