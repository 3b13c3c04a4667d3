import { type Clock, MINUTE, SECOND } from "../../domain/clock.ts";
import type { Topic, TopicMessage } from "../../domain/publisher.ts";
import type { Delivery, SqliteQueue } from "./sqlite-queue.ts";

/** `nack`, or a rejection: deliver it again later. */
export type Deliver = (topic: Topic, message: TopicMessage, delivery: Delivery) => Promise<"ack" | "nack">;

export interface PumpOptions {
  /** Deliveries under way at once. */
  readonly concurrency: number;
  readonly clock: Clock;
  /** Ends the pump: nothing more is claimed, what is under way is waited for. */
  readonly signal: AbortSignal;
  /** After so many deliveries without `ack` a message goes to the dead letters. */
  readonly maxAttempts?: number;
  /** Told what `deliver` or the store threw; the pump itself goes on. */
  readonly onError?: (error: unknown, delivery: Delivery | null) => void;
}

/** As the push subscriptions of `infra/`: the longest ack deadline, and back-off between 10 s and 600 s (cloud.google.com/pubsub/docs/handling-failures). */
const LEASE_MS = 10 * MINUTE;
const MIN_BACKOFF_MS = 10 * SECOND;
const MAX_BACKOFF_MS = 10 * MINUTE;
const MAX_ATTEMPTS = 10;

/** Another process that publishes to the same file cannot wake this one: real milliseconds until the queue is looked at anyway. */
const POLL_MS = 1_000;

const SETTLE_TRIES = 10;

/** Nominal time from the nack of an attempt (from 1) to the next. */
export const backoffMs = (attempt: number): number => Math.min(MIN_BACKOFF_MS * 2 ** (attempt - 1), MAX_BACKOFF_MS);

/**
 * Plays Pub/Sub's push subscriptions on the embedded queue, until the signal. Resolves when the last delivery has ended.
 * Each message is settled only after `deliver` answered: a process killed in between leaves it to be delivered again.
 */
export const pump = async (queue: SqliteQueue, deliver: Deliver, options: PumpOptions): Promise<void> => {
  const { concurrency, clock, signal, onError } = options;
  const running = new Set<Promise<void>>();
  const waker = makeWaker(clock, signal);
  const stopListening = queue.onPublish(waker.wake);
  while (!signal.aborted) {
    try {
      for (const delivery of queue.claim(concurrency - running.size, clock.lasting(LEASE_MS))) {
        const under = deliverOne(queue, deliver, { ...options, delivery }).finally(() => {
          running.delete(under);
          waker.wake();
        });
        running.add(under);
      }
      await waker.sleep(running.size === concurrency ? POLL_MS : untilDue(queue, clock));
    } catch (error) {
      onError?.(error, null);
      await clock.sleep(POLL_MS, signal);
    }
  }
  stopListening();
  await Promise.all(running);
};

const untilDue = (queue: SqliteQueue, clock: Clock): number => {
  const dueAtMs = queue.nextDueAtMs();
  return dueAtMs === null ? POLL_MS : Math.min(Math.max(dueAtMs - clock.nowMs(), 0), POLL_MS);
};

/** Never rejects: what cannot even be settled comes back when its lease ends. */
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
    await stubbornly(clock, () => {
      if (outcome === "ack") queue.done(id);
      else if (attempt >= maxAttempts) queue.bury(id);
      else queue.retry(id, clock.lasting(backoffMs(attempt)));
    });
  } catch (error) {
    onError?.(error, delivery);
  }
};

/** A file that is locked for a while must not leave what was dealt with to the end of its lease. */
const stubbornly = async (clock: Clock, settle: () => void): Promise<void> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return settle();
    } catch (error) {
      if (tries === SETTLE_TRIES) throw error;
    }
    await clock.sleep(POLL_MS);
  }
};

/** A sleep that ends early when woken; a wake that comes while nobody sleeps ends the next sleep at once. */
const makeWaker = (clock: Clock, signal: AbortSignal) => {
  let alarm = new AbortController();
  return {
    wake: (): void => alarm.abort(),
    sleep: async (ms: number): Promise<void> => {
      await clock.sleep(ms, AbortSignal.any([alarm.signal, signal]));
      alarm = new AbortController();
    },
  };
};
