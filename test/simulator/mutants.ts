import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { changedCopy } from "../builders/changed-copy.ts";
import type { Lanes } from "./lanes.ts";
import { simulateIn } from "./one-process.ts";
import { MUTANTS, type Mutant } from "./planted-faults.ts";

export interface Found {
  readonly name: string;
  /** The world in which it was found, or the last that was tried. */
  readonly seed: number;
  /** After how many simulated days; null if it was not found. */
  readonly days: number | null;
  /** The promise that it broke, or why it broke none. */
  readonly promised: string;
}

const root = join(import.meta.dirname, "../..");

export const MUTANT_WORLD = { servers: "25", days: "10" };

/** Not every small world has what a fault concerns within its days, so some more are tried. */
const WORLDS = 4;

/** Runs the simulator on sources with a planted fault. */
export const findMutant = async ({ name, edits, mails, seed: first = 1 }: Mutant): Promise<Found> => {
  const copy = changedCopy(...edits);
  try {
    for (const part of ["simulator", "builders"])
      cpSync(join(root, "test", part), join(copy, "test", part), { recursive: true });
    const { servers, days } = MUTANT_WORLD;
    for (let seed = first; seed < first + WORLDS; seed += 1) {
      const given = ["--seed", String(seed), "--servers", servers, "--days", days];
      const said = await simulateIn(copy, ...given, ...(mails === undefined ? [] : ["--mails", String(mails)]));
      if (said.broken === null) continue;
      console.log(`  ${said.broken.message.split("\n")[0]}`);
      return { name, seed, days: said.days, promised: said.broken.promised };
    }
    return { name, seed: first + WORLDS - 1, days: null, promised: "" };
  } finally {
    rmSync(copy, { recursive: true });
  }
};

const dayOf = ({ seed, days }: Found): string =>
  days === null ? "NOT FOUND" : `day ${days.toFixed(2)} of seed ${seed}`;

/** Tells of each planted fault when it is found; `some` limits it to names that contain this. */
export const findMutants = async (some: string, lane: Lanes, note: (found: Found) => void): Promise<void> => {
  const chosen = MUTANTS.filter(({ name }) => name.includes(some));
  await Promise.all(
    chosen.map((mutant) =>
      lane(async () => {
        const one = await findMutant(mutant);
        console.log(`${dayOf(one)}  ${one.name}`);
        note(one);
      }),
    ),
  );
};
