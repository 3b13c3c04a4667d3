import { randomInt } from "node:crypto";
import { Chance } from "../simulator/chance.ts";

/** What a run strikes of more points than it has time for; `npm run soak` strikes all of them. */
export interface Sample {
  /** In the order of the items. `kept` are taken in any case. */
  of<T>(items: readonly T[], count: number, kept?: (item: T) => boolean): readonly T[];
  /** How to take the same again. */
  readonly says: string;
}

const takesAll = (): boolean => process.env.RELAIS_SAMPLE_SEED === "all";

/** How often a property is tried: more often by `npm run soak -- samples`. A failure names its own seed. */
export const triesOf = ({ few, all }: { readonly few: number; readonly all: number }): number =>
  takesAll() ? all : few;

/**
 * Another sample in each run, unless `RELAIS_SAMPLE_SEED` names the seed of an earlier one; everything, if it is `all`,
 * as `npm run soak -- samples` sets it.
 */
export const newSample = (): Sample => {
  if (takesAll()) return { of: (items) => items, says: "all are taken" };
  const seed = Number(process.env.RELAIS_SAMPLE_SEED ?? randomInt(1, 2 ** 31));
  const chance = new Chance(seed);
  return {
    of: (items, count, kept = () => false) => {
      const drawn = items
        .map((item, at) => ({ item, at, rank: kept(item) ? -1 : chance.fraction() }))
        .toSorted((one, other) => one.rank - other.rank);
      return drawn
        .filter(({ rank }, place) => place < count || rank === -1)
        .toSorted((one, other) => one.at - other.at)
        .map(({ item }) => item);
    },
    says: `RELAIS_SAMPLE_SEED=${seed} takes the same sample`,
  };
};
