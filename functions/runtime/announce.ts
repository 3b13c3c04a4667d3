import { type Clock, isoTime } from "../domain/clock.ts";
import type { Log } from "../domain/log.ts";
import type { Announce, Publisher } from "../domain/publisher.ts";
import { newId, type Randomness } from "../domain/randomness.ts";

interface Deps {
  readonly clock: Pick<Clock, "nowMs">;
  readonly random: Randomness;
  readonly log: Log;
  readonly publisher: Publisher;
  /** Names this installation in `source`. */
  readonly publicUrl: string;
}

/**
 * Publishes CloudEvents 1.0 in the structured JSON form (github.com/cloudevents/spec, bindings/pubsub) on `mail-events`; type and subject
 * stand in the attributes besides, for subscription filters.
 */
export const announcer =
  (deps: Deps): Announce =>
  async ({ type, subject, data }) => {
    const event = {
      specversion: "1.0",
      id: newId(deps.random, "evt"),
      source: deps.publicUrl,
      type,
      subject,
      time: isoTime(deps.clock.nowMs()),
      datacontenttype: "application/json",
      data,
    };
    const attributes = { "content-type": "application/cloudevents+json", type, subject };
    try {
      await deps.publisher.publish("mail-events", { data: event, attributes });
    } catch (error) {
      deps.log.error("announce_failed", { type, subject }, error);
    }
  };
