import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { sweep } from "./due-servers.ts";

/**
 * `peakHeap`: the most bytes alive at once; `heapBefore`: those alive before its first call, with all of Relais loaded.
 */
export type MeasuredSweep = Awaited<ReturnType<typeof sweep>> & {
  readonly peakHeap: number;
  readonly heapBefore: number;
};

const PROGRAM = fileURLToPath(new URL("./sweep-process.worker.ts", import.meta.url));

/**
 * V8 keeps hundreds of KB of optimised code at times that differ from run to run. Without it, what remains on the heap
 * differs by a few KB, so that few servers show whether it grows with their number.
 */
const INTERPRETED = ["--no-opt", "--no-maglev", "--no-sparkplug", "--no-flush-bytecode"];

/**
 * Sweeps so many due servers, and then so many, on SQLite in a process of its own. For `memory` and `growth`, it
 * collects garbage during the work and measures what remains; for `times` it does not, and `peakHeap` is 0.
 */
export const measuredSweeps = async (
  counts: readonly number[],
  what: "memory" | "growth" | "times",
): Promise<readonly MeasuredSweep[]> => {
  const flags = ["--expose-gc", ...(what === "growth" ? INTERPRETED : [])];
  const child = spawn(process.execPath, [...flags, PROGRAM, what, ...counts.map(String)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const parts: Buffer[] = [];
  child.stdout.on("data", (part: Buffer) => parts.push(part));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`the sweeps of ${counts.join(" and ")} ended with ${code}`);
  return JSON.parse(Buffer.concat(parts).toString());
};
