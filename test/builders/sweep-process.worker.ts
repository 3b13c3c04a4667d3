import { sweep } from "./due-servers.ts";

// One sweep, and the most that was alive on the heap meanwhile: at every so many-th call of a port, in the midst of the work, garbage is collected and
// what is left is counted. The number is prime, so that it falls on each kind of call in turn.
const count = Number(process.argv[2]);
const collect: () => void = globalThis.gc ?? (() => undefined);
const alive = (): number => {
  collect();
  return process.memoryUsage().heapUsed;
};
const measured = process.argv[3] === "memory";
const every = count > 10_000 ? 4_999 : count > 1_000 ? 997 : 97;

// Whatever is loaded or compiled at first use is no matter of how many servers there are.
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
