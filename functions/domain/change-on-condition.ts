import type { Clock } from "./clock.ts";
import { Contended } from "./problem.ts";
import type { Randomness } from "./randomness.ts";
import type { RecordKind, RecordKinds } from "./record-kinds.ts";
import type { WriteOf } from "./records.ts";

export interface ChangeDeps {
  readonly clock: Pick<Clock, "lasting" | "sleep">;
  readonly random: Pick<Randomness, "fraction">;
}

/** Twelve writers of one record, all at once, each come to their turn. */
const MOST_TRIES = 12;
const SHORTEST_PAUSE_MS = 20;
const LONGER_EACH_TRY_MS = 50;

/** Writers that start together stay together unless they pause for different times. */
const pauseMs = ({ clock, random }: ChangeDeps, lost: number): number =>
  clock.lasting(SHORTEST_PAUSE_MS + random.fraction() * LONGER_EACH_TRY_MS * lost);

/**
 * Writes on condition, the one way to do it. `attempt` reads, decides and commits on condition of what it read; it
 * answers `contended` if the condition failed, and then starts over after a pause. `lost` counts the attempts before.
 * Throws `Contended` if others are faster every time, and `Unavailable`. `act` names the change in the log.
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

/** For a change that may be left undone: undefined instead of `Contended`, once `noteIt` has said so. */
export const unlessContended = async <T>(
  change: Promise<T>,
  noteIt = (): void => undefined,
): Promise<T | undefined> => {
  try {
    return await change;
  } catch (error) {
    if (!(error instanceof Contended)) throw error;
    noteIt();
    return undefined;
  }
};

/** The write of a record on condition that it is as it was read; `undefined`: that there still is none. */
export const conditionalWrite = <K extends RecordKind>(
  kind: K,
  read: { readonly id: string; readonly version: string | undefined },
  value: RecordKinds[K],
): WriteOf<K> => {
  const { id, version } = read;
  return version === undefined ? { op: "create", kind, id, value } : { op: "replace", kind, id, version, value };
};
