import { setImmediate as turn } from "node:timers/promises";
import { type Clock, MINUTE, SECOND } from "../../domain/clock.ts";
import type { Topic, TopicMessage } from "../../domain/publisher.ts";
import type { Delivery, SqliteQueue } from "./sqlite-queue.ts";

/** Returns `nack`, or rejects, if the message must be delivered again later. */
export type Deliver = (topic: Topic, message: TopicMessage, delivery: Delivery) => Promise<"ack" | "nack">;

export interface PumpOptions {
  /** Deliveries in progress at once. */
  readonly concurrency: number;
  /** How many of them may be of one lane. */
  readonly lanePlaces?: number;
  readonly clock: Clock;
  /** Ends the pump: it claims nothing more, and waits for the deliveries in progress. */
  readonly signal: AbortSignal;
  /** After this many deliveries without `ack`, a message becomes a dead letter. */
  readonly maxAttempts?: number;
  /** Receives what `deliver` or the store threw; the pump itself goes on. */
  readonly onError?: (error: unknown, delivery: Delivery | null) => void;
}

/**
 * The values of the push subscriptions in `infra/`: the longest ack deadline, and back-off between 10 s and 600 s
 * (cloud.google.com/pubsub/docs/handling-failures).
 */
const LEASE_MS = 10 * MINUTE;
const MIN_BACKOFF_MS = 10 * SECOND;
const MAX_BACKOFF_MS = 10 * MINUTE;
const MAX_ATTEMPTS = 10;

/**
 * Real milliseconds until the queue is checked anyway: another process that publishes to the file cannot wake this one.
 */
const POLL_MS = 1_000;

const SETTLE_TRIES = 10;

/** Nominal time from the nack of an attempt (counted from 1) to the next. */
export const backoffMs = (attempt: number): number => Math.min(MIN_BACKOFF_MS * 2 ** (attempt - 1), MAX_BACKOFF_MS);

/**
 * Plays Pub/Sub's push subscriptions on the embedded queue until the signal, then resolves when the last delivery ends.
 * A message is settled only after `deliver` returns, so a process killed before that leaves it for another delivery.
 */
export const pump = async (queue: SqliteQueue, deliver: Deliver, options: PumpOptions): Promise<void> => {
  const { concurrency, lanePlaces = concurrency, clock, signal, onError } = options;
  const running = new Set<Promise<void>>();
  const inLane = new Map<string, number>();
  const count = (lane: string, by: 1 | -1): void => {
    const left = (inLane.get(lane) ?? 0) + by;
    if (left === 0) inLane.delete(lane);
    else inLane.set(lane, left);
  };
  const placesIn = (lane: string): number => (lane === "" ? concurrency : lanePlaces - (inLane.get(lane) ?? 0));
  const waker = makeWaker(clock, signal);
  // What has no place is found when a delivery ends, without a look in between.
  const stopListening = queue.onPublish((lane) => {
    if (placesIn(lane) > 0) waker.wake();
  });
  while (!signal.aborted) {
    try {
      const free = concurrency - running.size;
      for (const delivery of free > 0 ? await queue.claim(free, clock.lasting(LEASE_MS), placesIn) : []) {
        count(delivery.lane, 1);
        const delivering = deliverOne(queue, deliver, { ...options, delivery }).finally(() => {
          running.delete(delivering);
          count(delivery.lane, -1);
          waker.wake();
        });
        running.add(delivering);
      }
      // What is due and was not claimed waits for a place, and a delivery that ends wakes the pump.
      await waker.sleep(running.size === concurrency ? POLL_MS : msUntilDue(queue, clock));
    } catch (error) {
      onError?.(error, null);
      await clock.sleep(POLL_MS, signal);
    }
  }
  stopListening();
  await Promise.all(running);
};

const msUntilDue = (queue: SqliteQueue, clock: Clock): number => {
  const dueAtMs = queue.nextDueAtMs();
  return dueAtMs === null ? POLL_MS : Math.min(Math.max(dueAtMs - clock.nowMs(), 0), POLL_MS);
};

/** Never rejects: a message that cannot be settled comes back when its lease ends. */
const deliverOne = async (
  queue: SqliteQueue,
  deliver: Deliver,
  { delivery, clock, onError, maxAttempts = MAX_ATTEMPTS }: PumpOptions & { readonly delivery: Delivery },
): Promise<void> => {
  const { id, topic, message, attempt } = delivery;
  try {
    const outcome = await (async () => deliver(topic, message, delivery))().catch((error: unknown) => {
      onError?.(error, delivery);
      return "nack" as const;
    });
    await retryWhileLocked(clock, () => {
      if (outcome === "ack") return queue.done(id);
      return attempt >= maxAttempts ? queue.bury(id) : queue.retry(id, clock.lasting(backoffMs(attempt)));
    });
  } catch (error) {
    onError?.(error, delivery);
  }
};

/** While the file is locked, a message that was dealt with must not stay leased until its lease ends. */
const retryWhileLocked = async (clock: Clock, settle: () => Promise<void>): Promise<void> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await settle();
    } catch (error) {
      if (tries === SETTLE_TRIES) throw error;
    }
    await clock.sleep(POLL_MS);
  }
};

/**
 * A sleep that ends early when woken, in the turn after, so that several wakes at once are one. A wake while nobody
 * sleeps ends the next sleep at once.
 */
const makeWaker = (clock: Clock, signal: AbortSignal) => {
  let alarm = new AbortController();
  const wake = (): void => alarm.abort("woken");
  signal.addEventListener("abort", wake, { once: true });
  return {
    wake,
    sleep: async (ms: number): Promise<void> => {
      if (!signal.aborted) await clock.sleep(ms, alarm.signal);
      await turn();
      alarm = new AbortController();
    },
  };
};
