// `npm run bench -- refresh [servers …]`: sweeps of so many due servers (1,000, 10,000 and 100,000 where not said) on SQLite in memory, with a
// Google in memory: what Relais itself costs. Times depend on the machine, their ratios should not: the time a server is to be the same.
import { sweep } from "../builders/due-servers.ts";

const asked = process.argv.slice(2).map(Number);
const sizes = asked.length > 0 ? asked : [1_000, 10_000, 100_000];
if (!sizes.every((size) => Number.isInteger(size) && size > 0)) {
  console.error("Usage: npm run bench -- refresh [servers …]");
  process.exit(2);
}

let first: number | null = null;
console.log("servers    seconds   ms/server   to the first   store operations/server   heap, MB");
for (const size of sizes) {
  const { counts, heap, tookMs } = await sweep(size);
  const each = tookMs / size;
  first ??= each;
  const operations = Object.values(counts.reads).reduce((sum, count) => sum + count, counts.writes) / size;
  const columns = [
    String(size).padEnd(8),
    (tookMs / 1_000).toFixed(1).padStart(9),
    each.toFixed(3).padStart(11),
    (each / first).toFixed(2).padStart(14),
    operations.toFixed(3).padStart(25),
    (heap / 1_048_576).toFixed(0).padStart(10),
  ];
  console.log(columns.join(" "));
}
process.exit(0);
