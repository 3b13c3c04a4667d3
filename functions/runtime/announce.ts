import { type Clock, isoTime } from "../domain/clock.ts";
import type { DocumentDelivery } from "../domain/document-delivery.ts";
import type { Log } from "../domain/log.ts";
import { newNotice } from "../domain/news.ts";
import type { Announce, Announcement, Publisher } from "../domain/publisher.ts";
import { newId, type Randomness } from "../domain/randomness.ts";
import type { Records } from "../domain/records.ts";

interface Deps {
  readonly clock: Pick<Clock, "nowMs" | "lasting">;
  readonly random: Randomness;
  readonly log: Log;
  readonly publisher: Publisher;
  readonly records: Pick<Records, "commit">;
  /** Writes into the document that a message came from. Throws `Unavailable`. */
  readonly noteDelivery: (delivery: DocumentDelivery) => Promise<void>;
  /** Identifies this installation in `source`. */
  readonly publicUrl: string;
}

/**
 * Publishes CloudEvents 1.0 in the structured JSON form (github.com/cloudevents/spec, bindings/pubsub) on
 * `mail-events`. Type and subject are attributes too, for subscription filters. An event of a message that came from a
 * document is written there too.
 */
export const announcer =
  (deps: Deps): Announce =>
  async (announcement) => {
    const { type, subject, data, document, published = false } = announcement;
    const { id, atMs } = announcement.as ?? { id: newId(deps.random, "evt"), atMs: deps.clock.nowMs() };
    const event = {
      specversion: "1.0",
      id,
      source: deps.publicUrl,
      type,
      subject,
      time: isoTime(atMs),
      datacontenttype: "application/json",
      data,
    };
    const attributes = { "content-type": "application/cloudevents+json", type, subject };
    // Neither waits for the other; what fails is done again with the notice.
    const [publishing, noting] = await Promise.allSettled([
      published ? undefined : deps.publisher.publish("mail-events", { data: event, attributes }),
      document === undefined ? undefined : deps.noteDelivery(document),
    ]);
    const failed = [publishing, noting].find((outcome) => outcome.status === "rejected");
    if (failed === undefined) return;
    deps.log.error("announce_failed", { type, subject }, failed.reason);
    // A document may be unavailable for days; do not publish its event again at every tick.
    const left = publishing.status === "fulfilled" ? { ...announcement, published: true as const } : announcement;
    await keep(deps, left, { id, atMs });
  };

/**
 * Stores the event under its own id, replacing the notice that it came from, if any. If an event from a notice cannot
 * be stored, this throws, so that the caller keeps the notice and tells it again.
 */
const keep = async (
  deps: Deps,
  event: Announcement,
  { id, atMs }: { readonly id: string; readonly atMs: number },
): Promise<void> => {
  const value = newNotice(deps.clock, { kind: "event", event }, atMs);
  try {
    await deps.records.commit([{ op: "put", kind: "notices", id, value }]);
  } catch (error) {
    if (event.fromNotice) throw error;
    deps.log.error("event_lost", { type: event.type, subject: event.subject }, error);
  }
};
