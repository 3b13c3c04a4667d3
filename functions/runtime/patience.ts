import { AsyncLocalStorage } from "node:async_hooks";
import type { Clock } from "../domain/clock.ts";
import { ANSWERING, type Patience, type PatienceOptions, patienceOf } from "../domain/patience.ts";

const current = new AsyncLocalStorage<Patience>();

/** All calls to a store within `act` share one patience. */
export const withPatience = <T>(
  clock: Pick<Clock, "nowMs">,
  options: PatienceOptions,
  act: () => Promise<T>,
): Promise<T> => current.run(patienceOf(clock, options), act);

/** The patience of the current request or delivery; outside of them, each call has its own. */
export const currentPatience = (clock: Pick<Clock, "nowMs">): Patience =>
  current.getStore() ?? patienceOf(clock, ANSWERING);
