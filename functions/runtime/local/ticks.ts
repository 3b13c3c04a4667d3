import { type Clock, MINUTE } from "../../domain/clock.ts";
import type { Topic } from "../../domain/publisher.ts";
import type { System } from "../system.ts";

/** The nominal periods and topics of `infra/scheduler.tf`. */
const TICKS: readonly { readonly topic: Topic; readonly everyMs: number }[] = [
  { topic: "mail-dispatch", everyMs: MINUTE },
  { topic: "token-checks", everyMs: 5 * MINUTE },
];
/** However fast time runs, ticks must not crowd out the work that they start. */
const MIN_PERIOD_MS = 100;

/** Work that is done periodically (nominal). */
export interface Chore {
  readonly everyMs: number;
  readonly act: () => Promise<void>;
}

/**
 * Runs a chore at once and then every nominal period until the signal, one at a time. A failure is reported and the
 * next run follows.
 */
const runEvery = async (
  clock: Clock,
  { everyMs, act, failed }: Chore & { readonly failed: (error: unknown) => void },
  signal: AbortSignal,
): Promise<void> => {
  while (!signal.aborted) {
    await act().catch(failed);
    await clock.sleep(Math.max(MIN_PERIOD_MS, clock.lasting(everyMs)), signal);
  }
};

/**
 * Plays Cloud Scheduler and runs the embedded store's `chores`. The first tick comes at once, so that work left by a
 * killed process need not wait.
 */
export const runTicks = async (
  system: Pick<System, "clock" | "log" | "publisher">,
  chores: readonly Chore[],
  signal: AbortSignal,
): Promise<void> => {
  const failed = (error: unknown): void => system.log.error("tick_failed", {}, error);
  const tick = { data: { tick: true }, attributes: { relais: "tick" } };
  await Promise.all([
    ...TICKS.map(({ topic, everyMs }) =>
      runEvery(system.clock, { everyMs, act: () => system.publisher.publish(topic, tick), failed }, signal),
    ),
    ...chores.map((chore) => runEvery(system.clock, { ...chore, failed }, signal)),
  ]);
};
