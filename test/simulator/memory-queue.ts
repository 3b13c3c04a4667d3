import { MINUTE, SECOND } from "../../functions/domain/clock.ts";
import type { Publisher, Topic, TopicMessage } from "../../functions/domain/publisher.ts";
import type { Chance } from "./chance.ts";
import type { Timeline } from "./timeline.ts";

/** A message as the queue hands it over. */
export interface Handed {
  readonly topic: Topic;
  readonly messageId: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** The published JSON. */
  readonly json: string;
  /** 1 at the first time. */
  readonly attempt: number;
}

/**
 * `lost`: the connection broke, and the queue soon tries again. `silent`: nobody will answer, so it waits for the
 * acknowledgement deadline.
 */
export type HandedOutcome = "ack" | "nack" | "lost" | "silent";

export interface QueueFaults {
  /** How often a message comes twice. */
  readonly twice: number;
  /** How often a message comes seconds or minutes late, so that later ones overtake it. */
  readonly late: number;
  /** How often an acknowledgement is lost. */
  readonly lostAck: number;
  /** How often a message becomes a dead letter, as if each attempt had failed. */
  readonly dead: number;
}

/** As in `infra/pubsub.tf`. */
const ACK_DEADLINE_MS = 330 * SECOND;
const MIN_BACKOFF_MS = 10 * SECOND;
const MAX_BACKOFF_MS = 10 * MINUTE;
const MAX_ATTEMPTS = 20;

/**
 * Pub/Sub's push subscriptions in virtual time: at least once, in no order, again after a refusal or silence, and a
 * dead letter after the last attempt. `hand` delivers.
 */
export class MemoryQueue implements Publisher {
  readonly #timeline: Timeline;
  readonly #chance: Chance;
  readonly #faults: QueueFaults;
  readonly #hand: (handed: Handed) => Promise<HandedOutcome>;
  deadLetters = 0;
  #serial = 0;

  constructor(
    {
      timeline,
      chance,
      faults,
    }: { readonly timeline: Timeline; readonly chance: Chance; readonly faults: QueueFaults },
    hand: (handed: Handed) => Promise<HandedOutcome>,
  ) {
    this.#timeline = timeline;
    this.#chance = chance;
    this.#faults = faults;
    this.#hand = hand;
  }

  async publish(topic: Topic, { data, attributes }: TopicMessage): Promise<void> {
    this.#serial += 1;
    const handed = { topic, messageId: String(this.#serial), attributes, json: JSON.stringify(data), attempt: 1 };
    // Who listens to events has a subscription of its own.
    if (topic !== "mail-events" && this.#chance.happens(this.#faults.dead)) {
      this.deadLetters += 1;
      return;
    }
    this.#deliver(handed);
    if (this.#chance.happens(this.#faults.twice)) this.#deliver(handed);
  }

  #deliver(handed: Handed, afterMs = this.#delayMs()): void {
    this.#timeline.after(afterMs, () => void this.#handOver(handed));
  }

  #delayMs(): number {
    return this.#chance.happens(this.#faults.late)
      ? this.#chance.between(SECOND, 2 * MINUTE)
      : this.#chance.between(5, 50);
  }

  async #handOver(handed: Handed): Promise<void> {
    const outcome = await this.#hand(handed);
    const lost = outcome === "ack" && this.#chance.happens(this.#faults.lostAck);
    if (outcome === "ack" && !lost) return;
    if (handed.attempt >= MAX_ATTEMPTS) {
      this.deadLetters += 1;
      return;
    }
    const backoffMs = Math.min(MIN_BACKOFF_MS * 2 ** (handed.attempt - 1), MAX_BACKOFF_MS);
    const waitMs = outcome === "silent" || lost ? ACK_DEADLINE_MS : backoffMs * this.#chance.between(1, 1.2);
    this.#deliver({ ...handed, attempt: handed.attempt + 1 }, waitMs);
  }
}
