import { sweep } from "./due-servers.ts";

// Runs sweeps one after the other and measures the most that was alive on the heap: in the middle of the work, at every
// n-th call of a port, it collects garbage and measures what remains. n is prime, so that each kind of call gets its
// turn.
const [what, ...counts] = process.argv.slice(2);
const collect: () => void = globalThis.gc ?? (() => undefined);
const alive = (): number => {
  collect();
  return process.memoryUsage().heapUsed;
};

const measure = async (count: number) => {
  const every = count > 10_000 ? 4_999 : count > 1_000 ? 997 : 97;
  const heapBefore = alive();
  let peakHeap = 0;
  let calls = 0;
  const onCall = (): void => {
    calls += 1;
    if (what !== "times" && calls % every === 0) peakHeap = Math.max(peakHeap, alive());
  };
  return { ...(await sweep(count, { onCall })), peakHeap, heapBefore };
};

// The first sweep loads and compiles what is needed, which does not depend on the number of servers.
await sweep(100);
const measured = [];
for (const count of counts) measured.push(await measure(Number(count)));
process.stdout.write(JSON.stringify(measured), () => process.exit(0));
