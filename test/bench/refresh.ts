// `npm run bench -- refresh [servers …]`: sweeps that many due servers (1,000, 10,000 and 100,000 by default) on SQLite
// in memory, with a Google in memory, to show what Relais itself costs. Times depend on the machine, but their ratios
// should not: the time per server must stay the same. Without sizes, it writes its result to `test/bench/REFRESH.md`.
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { measuredSweep } from "../builders/sweep-process.ts";
import { commit } from "./commit.ts";

const USUAL = [1_000, 10_000, 100_000];
const sizesGiven = process.argv.slice(2).map(Number);
const sizes = sizesGiven.length > 0 ? sizesGiven : USUAL;
if (!sizes.every((size) => Number.isInteger(size) && size > 0)) {
  console.error("Usage: npm run bench -- refresh [servers …]");
  process.exit(2);
}

const megabytes = (bytes: number): string => (bytes / 1_048_576).toFixed(1);
const lines = [
  "| servers | seconds | ms of CPU a server | to the first | store operations a server | peak heap, MB | to the first |",
  "|---|---|---|---|---|---|---|",
];
let first: { readonly each: number; readonly peakHeap: number } | null = null;
for (const size of sizes) {
  const { counts, tookMs, cpuMs } = await measuredSweep(size, "times");
  const { peakHeap } = await measuredSweep(size, "memory");
  const each = cpuMs / size;
  first ??= { each, peakHeap };
  const reads = Object.values(counts.reads).reduce((sum, count) => sum + count, 0);
  const cells = [
    size.toLocaleString("en"),
    (tookMs / 1_000).toFixed(1),
    each.toFixed(3),
    (each / first.each).toFixed(2),
    `${(reads / size).toFixed(3)} reads, ${(counts.writes / size).toFixed(3)} writes`,
    megabytes(peakHeap),
    (peakHeap / first.peakHeap).toFixed(2),
  ];
  lines.push(`| ${cells.join(" | ")} |`);
  console.log(lines.at(-1));
}

const page = `# Sweeps of due servers

Made by \`npm run bench -- refresh\` at commit ${commit}, Node ${process.version}, ${availableParallelism()} cores, on SQLite in memory with a Google in memory: one tick, and every
check that it asks for, one after the other. A read or a query's page counts as one read; a commit counts each of its writes.

${lines.join("\n")}

The CPU's time is that of the whole process; unlike the seconds it hardly depends on what else the machine does.
Each size runs in a process of its own, twice: for its times, and for its peak heap. That is what was alive at most: in the midst of the work, at every so many-th call of
a port, garbage is collected and what is left is counted.
`;
if (sizesGiven.length === 0) writeFileSync(new URL("REFRESH.md", import.meta.url), page);
process.exit(0);
