import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { changedCopy, type Edit } from "../builders/changed-copy.ts";
import { MUTANTS } from "./planted-faults.ts";

export interface Found {
  readonly name: string;
  /** After how many simulated days; null if it was not found. */
  readonly days: number | null;
  readonly how: string;
}

const root = join(import.meta.dirname, "../..");

/** The outcome that `simulate.ts --json` prints. */
interface Said {
  readonly days: number;
  readonly broken: { readonly message: string } | null;
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

/** Runs the simulator on sources with a planted fault. */
export const findMutant = async (name: string, edits: readonly Edit[], seeds: readonly number[]): Promise<Found> => {
  const copy = changedCopy(...edits);
  try {
    for (const part of ["simulator", "builders"])
      cpSync(join(root, "test", part), join(copy, "test", part), { recursive: true });
    for (const seed of seeds) {
      const said = await simulateIn(copy, "--seed", String(seed), "--servers", "40", "--days", "12");
      if (said.broken !== null)
        return { name, days: said.days, how: `seed ${seed}: ${said.broken.message.split("\n")[0]}` };
    }
    return { name, days: null, how: "not found" };
  } finally {
    rmSync(copy, { recursive: true });
  }
};

/** Prints after how many days each planted fault is found. */
export const findMutants = async (): Promise<readonly Found[]> => {
  const found: Found[] = [];
  const left = [...MUTANTS];
  const lane = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const one = await findMutant(next.name, next.edits, [1, 2]);
      found.push(one);
      console.log(`${one.days === null ? "NOT FOUND" : `day ${one.days.toFixed(2)}`}  ${one.name}: ${one.how}`);
    }
  };
  await Promise.all([lane(), lane()]);
  console.log(`${found.filter(({ days }) => days !== null).length} of ${found.length} were found`);
  return found;
};
