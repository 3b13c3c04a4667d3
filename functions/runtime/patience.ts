import { AsyncLocalStorage } from "node:async_hooks";
import type { Clock } from "../domain/clock.ts";
import { ANSWERING, type Patience, type PatienceOptions, patienceOf } from "../domain/patience.ts";

const current = new AsyncLocalStorage<Patience>();

/** Every call to a store that `act` makes shares one patience. */
export const withPatience = <T>(
  clock: Pick<Clock, "nowMs">,
  options: PatienceOptions,
  act: () => Promise<T>,
): Promise<T> => current.run(patienceOf(clock, options), act);

/** The patience of the request or delivery under way; what belongs to none has one for each call. */
export const currentPatience = (clock: Pick<Clock, "nowMs">): Patience =>
  current.getStore() ?? patienceOf(clock, ANSWERING);
