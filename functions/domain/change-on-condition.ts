import type { Clock } from "./clock.ts";
import { Contended } from "./problem.ts";
import type { Randomness } from "./randomness.ts";
import type { RecordKind, RecordKinds } from "./record-kinds.ts";
import type { WriteOf } from "./records.ts";

export interface ChangeDeps {
  readonly clock: Pick<Clock, "lasting" | "sleep">;
  readonly random: Pick<Randomness, "fraction">;
}

/** With this many tries, twelve concurrent writers of one record all succeed. */
const MOST_TRIES = 12;
const SHORTEST_PAUSE_MS = 20;
const LONGER_EACH_TRY_MS = 50;

/** The pause is random: writers that started together would otherwise keep colliding. */
const pauseMs = ({ clock, random }: ChangeDeps, lost: number): number =>
  clock.lasting(SHORTEST_PAUSE_MS + random.fraction() * LONGER_EACH_TRY_MS * lost);

/**
 * Every conditional write goes through here. `attempt` reads, decides, and commits if nothing has changed since; it
 * returns `contended` if something has, and is run again after a pause. `lost` counts the attempts so far.
 * `act` names the change in the log. Throws `Unavailable`, and `Contended` if every attempt loses.
 */
export const changeOnCondition = async <T>(
  deps: ChangeDeps,
  act: string,
  attempt: (lost: number) => Promise<T | "contended">,
): Promise<T> => {
  for (let lost = 0; lost < MOST_TRIES; lost += 1) {
    if (lost > 0) await deps.clock.sleep(pauseMs(deps, lost));
    const outcome = await attempt(lost);
    if (outcome !== "contended") return outcome;
  }
  throw new Contended(act);
};

/** For a change that may be skipped: calls `onContended` and returns undefined instead of throwing `Contended`. */
export const unlessContended = async <T>(
  change: Promise<T>,
  onContended = (): void => undefined,
): Promise<T | undefined> => {
  try {
    return await change;
  } catch (error) {
    if (!(error instanceof Contended)) throw error;
    onContended();
    return undefined;
  }
};

/** A write that takes effect only if the record still has the version that was read; undefined: if none exists yet. */
export const conditionalWrite = <K extends RecordKind>(
  kind: K,
  read: { readonly id: string; readonly version: string | undefined },
  value: RecordKinds[K],
): WriteOf<K> => {
  const { id, version } = read;
  return version === undefined ? { op: "create", kind, id, value } : { op: "replace", kind, id, version, value };
};
