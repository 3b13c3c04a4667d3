// `npm run bench -- refresh [servers …]`: sweeps that many due servers (1,000, 10,000 and 100,000 by default) on SQLite
// in memory, with a Google in memory, to show what Relais itself costs. Times depend on the machine, but their ratios
// should not: the time per server must stay the same. It keeps its result only without sizes.
import { measuredSweeps } from "../builders/sweep-process.ts";
import { type Sweep, sweepRow } from "./page/refresh.ts";
import { record } from "./record.ts";

const USUAL = [1_000, 10_000, 100_000];
const sizesGiven = process.argv.slice(2).map(Number);
const sizes = sizesGiven.length > 0 ? sizesGiven : USUAL;
if (!sizes.every((size) => Number.isInteger(size) && size > 0)) {
  console.error("Usage: npm run bench -- refresh [servers …]");
  process.exit(2);
}

const results: Sweep[] = [];
for (const servers of sizes) {
  const [timed] = await measuredSweeps([servers], "times");
  const [measured] = await measuredSweeps([servers], "memory");
  if (timed === undefined || measured === undefined) throw new Error("nothing was measured");
  const { counts, tookMs, cpuMs } = timed;
  const sweep: Sweep = {
    servers,
    seconds: tookMs / 1_000,
    cpuMsPerServer: cpuMs / servers,
    readsPerServer: Object.values(counts.reads).reduce((sum, count) => sum + count, 0) / servers,
    writesPerServer: counts.writes / servers,
    peakHeapMb: measured.peakHeap / 1_048_576,
  };
  results.push(sweep);
  console.log(sweepRow(sweep, results[0] ?? sweep).join(" | "));
}
if (sizesGiven.length === 0) record("refresh", [], { results });
process.exit(0);
