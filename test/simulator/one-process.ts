import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** The outcome that `simulate.ts --json` prints. */
export interface Said {
  readonly days: number;
  readonly digest: string;
  readonly cpuS: number;
  /** The most memory that the process has held. */
  readonly peakMb: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly logged: Readonly<Record<string, number>>;
  readonly broken: { readonly promised: string; readonly message: string } | null;
}

/** A simulation makes many short-lived objects: with a small young generation, collecting them takes a tenth of it. */
const HEAP = "--max-semi-space-size=32";

/** Simulates the sources of a directory in a process of their own, and returns what it said. */
export const simulateIn = async (directory: string, ...args: readonly string[]): Promise<Said> => {
  const program = join(directory, "test/simulator/simulate.ts");
  const child = spawn(process.execPath, [HEAP, program, "--json", ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  await once(child, "close");
  return JSON.parse(text);
};
