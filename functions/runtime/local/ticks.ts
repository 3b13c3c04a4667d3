import { type Clock, MINUTE } from "../../domain/clock.ts";
import type { Topic } from "../../domain/publisher.ts";
import type { System } from "../system.ts";

/** As `infra/scheduler.tf` has them: nominal period and topic. */
const TICKS: readonly { readonly topic: Topic; readonly everyMs: number }[] = [
  { topic: "mail-dispatch", everyMs: MINUTE },
  { topic: "token-checks", everyMs: 5 * MINUTE },
];
/** However fast time runs, a tick must not crowd out the work it starts. */
const SHORTEST_PERIOD_MS = 100;

/** What is done every so often (nominal). */
export interface Chore {
  readonly everyMs: number;
  readonly act: () => Promise<void>;
}

/** Runs a chore now and then every nominal period, until the signal. Never two at once; a failure is told and the next time goes on. */
const every = async (
  clock: Clock,
  { everyMs, act, failed }: Chore & { readonly failed: (error: unknown) => void },
  signal: AbortSignal,
): Promise<void> => {
  while (!signal.aborted) {
    await act().catch(failed);
    await clock.sleep(Math.max(SHORTEST_PERIOD_MS, clock.lasting(everyMs)), signal);
  }
};

/** Plays Cloud Scheduler, and has the embedded store's `chores` done. The first tick comes at once, so that what a killed process left is taken up without waiting. */
export const runTicks = async (
  system: Pick<System, "clock" | "log" | "publisher">,
  chores: readonly Chore[],
  signal: AbortSignal,
): Promise<void> => {
  const failed = (error: unknown): void => system.log.error("tick_failed", {}, error);
  const tick = { data: { tick: true }, attributes: { relais: "tick" } };
  await Promise.all([
    ...TICKS.map(({ topic, everyMs }) =>
      every(system.clock, { everyMs, act: () => system.publisher.publish(topic, tick), failed }, signal),
    ),
    ...chores.map((chore) => every(system.clock, { ...chore, failed }, signal)),
  ]);
};
