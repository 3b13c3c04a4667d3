import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { sweep } from "./due-servers.ts";

/** `peakHeap`: bytes that were alive at most; `heapBefore`: with all of Relais loaded, before the first call. */
export type MeasuredSweep = Awaited<ReturnType<typeof sweep>> & {
  readonly peakHeap: number;
  readonly heapBefore: number;
};

const PROGRAM = fileURLToPath(new URL("./sweep-process.worker.ts", import.meta.url));

/**
 * A sweep of so many due servers on SQLite in a process of its own. For `memory` it collects garbage in the midst of the work and takes what is left; for
 * `times` it does not, and `peakHeap` is 0.
 */
export const measuredSweep = async (count: number, what: "memory" | "times"): Promise<MeasuredSweep> => {
  const child = spawn(process.execPath, ["--expose-gc", PROGRAM, String(count), what], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const parts: Buffer[] = [];
  child.stdout.on("data", (part: Buffer) => parts.push(part));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`the sweep of ${count} ended with ${code}`);
  return JSON.parse(Buffer.concat(parts).toString());
};
