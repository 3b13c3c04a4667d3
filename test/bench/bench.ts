// `npm run bench` measures every part, one after the other; `npm run bench -- cold [rounds]` one of them. Each part is
// a file of this folder, keeps its figures in `results/` and rewrites `RESULTS.md`.
import { spawnSync } from "node:child_process";
import { isPart, PARTS, partNames } from "./page/parts.ts";

const [name] = process.argv.splice(2, 1);
if (name === undefined) {
  const failed = partNames.filter((part) => {
    console.log(`\n## ${part}\n`);
    return spawnSync(process.execPath, [import.meta.filename, part], { stdio: "inherit" }).status !== 0;
  });
  if (failed.length > 0) console.error(`Not measured, or above its budget: ${failed.join(", ")}.`);
  process.exit(failed.length);
}
if (!isPart(name)) {
  const usages = partNames.map((part) => `${part} ${PARTS[part]}`.trim());
  console.error(`Usage: npm run bench [-- ${usages.join(" | ")}]`);
  process.exit(2);
}
await import(`./${name}.ts`);
