import { sweep } from "./due-servers.ts";

// Runs one sweep and measures the most that was alive on the heap: at every n-th call of a port, during the work, it
// collects garbage and measures what remains. n is prime, so that each kind of call gets its turn.
const count = Number(process.argv[2]);
const collect: () => void = globalThis.gc ?? (() => undefined);
const alive = (): number => {
  collect();
  return process.memoryUsage().heapUsed;
};
const measured = process.argv[3] === "memory";
const every = count > 10_000 ? 4_999 : count > 1_000 ? 997 : 97;

// The first sweep loads and compiles what is needed, which does not depend on the number of servers.
await sweep(500);
const heapBefore = alive();
let peakHeap = 0;
let calls = 0;
const { counts, tookMs, cpuMs } = await sweep(count, {
  onCall: () => {
    calls += 1;
    if (measured && calls % every === 0) peakHeap = Math.max(peakHeap, alive());
  },
});
process.stdout.write(JSON.stringify({ counts, tookMs, cpuMs, peakHeap, heapBefore }), () => process.exit(0));
