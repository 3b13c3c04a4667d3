import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { changedCopy } from "../builders/changed-copy.ts";
import type { Lanes } from "./lanes.ts";
import { simulateIn } from "./one-process.ts";
import { MUTANTS, type Mutant } from "./planted-faults.ts";

export interface Found {
  readonly name: string;
  /** After how many simulated days; null if it was not found. */
  readonly days: number | null;
  /** The promise that it broke, or why it broke none. */
  readonly promised: string;
}

const root = join(import.meta.dirname, "../..");

export const MUTANT_WORLD = { servers: "25", days: "10" };

/** Runs the simulator on sources with a planted fault. */
export const findMutant = async ({ name, edits, seed = 1 }: Mutant): Promise<Found> => {
  const copy = changedCopy(...edits);
  try {
    for (const part of ["simulator", "builders"])
      cpSync(join(root, "test", part), join(copy, "test", part), { recursive: true });
    const { servers, days } = MUTANT_WORLD;
    const said = await simulateIn(copy, "--seed", String(seed), "--servers", servers, "--days", days);
    if (said.broken === null) return { name, days: null, promised: "" };
    console.log(`  ${said.broken.message.split("\n")[0]}`);
    return { name, days: said.days, promised: said.broken.promised };
  } finally {
    rmSync(copy, { recursive: true });
  }
};

/** Prints after how many days each planted fault is found; `some` limits it to names that contain this. */
export const findMutants = async (some: string, lane: Lanes): Promise<readonly Found[]> => {
  const chosen = MUTANTS.filter(({ name }) => name.includes(some));
  const found = await Promise.all(
    chosen.map((mutant) =>
      lane(async () => {
        const one = await findMutant(mutant);
        console.log(`${one.days === null ? "NOT FOUND" : `day ${one.days.toFixed(2)}`}  ${mutant.name}`);
        return one;
      }),
    ),
  );
  console.log(`${found.filter(({ days }) => days !== null).length} of ${found.length} were found`);
  return found;
};
