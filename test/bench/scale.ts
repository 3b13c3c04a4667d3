// `npm run bench -- scale [messages …]`: how what is asked of the embedded store grows with what is in it. Each size
// runs in a process of its own. It keeps its result only without sizes.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Size } from "./page/scale.ts";
import { record } from "./record.ts";

const USUAL = [1_000, 10_000, 100_000, 1_000_000];
const given = process.argv.slice(2).map(Number);
const sizes = given.length > 0 ? given : USUAL;
if (!sizes.every((size) => Number.isInteger(size) && size >= 100)) {
  console.error("Usage: npm run bench -- scale [messages …], each at least 100");
  process.exit(2);
}

const program = join(import.meta.dirname, "scale/measure.ts");
const measure = (messages: number): Size => {
  const fromMs = performance.now();
  const { status, stdout } = spawnSync(process.execPath, ["--expose-gc", program, String(messages)], {
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${messages} messages: it ended with ${status}`);
  return { ...JSON.parse(stdout), tookS: (performance.now() - fromMs) / 1_000 };
};

const results: Size[] = [];
for (const messages of sizes) {
  const size = measure(messages);
  results.push(size);
  console.log(messages, `filled in ${size.fillS.toFixed(1)} s of CPU, indexes made in ${size.indexS.toFixed(1)} s`);
  console.table(size.asked);
  // After each size, since the last may take longer than somebody waits.
  if (given.length === 0) record("scale", [], { results });
}
