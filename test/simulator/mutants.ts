import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { changedCopy } from "../builders/changed-copy.ts";
import { MUTANTS, type Mutant } from "./planted-faults.ts";

export interface Found {
  readonly name: string;
  /** After how many simulated days; null if it was not found. */
  readonly days: number | null;
  /** The promise that it broke, or why it broke none. */
  readonly promised: string;
}

const root = join(import.meta.dirname, "../..");

/** The outcome that `simulate.ts --json` prints. */
export interface Said {
  readonly days: number;
  readonly digest: string;
  readonly cpuS: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly logged: Readonly<Record<string, number>>;
  readonly broken: { readonly promised: string; readonly message: string } | null;
}

/** Simulates the sources of a directory in a process of their own, and returns what it said. */
export const simulateIn = async (directory: string, ...args: readonly string[]): Promise<Said> => {
  const program = join(directory, "test/simulator/simulate.ts");
  const child = spawn(process.execPath, [program, "--json", ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  await once(child, "close");
  return JSON.parse(text);
};

/** Does something with each item, two at a time. */
export const inTwoLanes = async <T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> => {
  const left = [...items];
  const lane = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await act(next);
  };
  await Promise.all([lane(), lane()]);
};

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
export const findMutants = async (some: string): Promise<readonly Found[]> => {
  const found: Found[] = [];
  await inTwoLanes(
    MUTANTS.filter(({ name }) => name.includes(some)),
    async (mutant) => {
      const one = await findMutant(mutant);
      found.push(one);
      console.log(`${one.days === null ? "NOT FOUND" : `day ${one.days.toFixed(2)}`}  ${mutant.name}`);
    },
  );
  console.log(`${found.filter(({ days }) => days !== null).length} of ${found.length} were found`);
  return found;
};
