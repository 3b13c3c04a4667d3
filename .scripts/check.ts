// `npm run check`: types, lint and format and import directions, layout, unused code. Runs all of them and tells every failure.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { layoutFaults, root } from "./layout.ts";

const STEPS: readonly (readonly [name: string, command: string, args: readonly string[]])[] = [
  ["types", "tsc", []],
  ["lint, format, import directions", "biome", ["check", "--error-on-warnings"]],
  ["unused files, exports and packages", "knip", ["--no-progress"]],
];

/** What to check; a test gives a copy. */
const at = process.argv[2] ?? root;
const bin = (name: string): string => join(existsSync(join(at, "node_modules")) ? at : root, "node_modules/.bin", name);

const failed = STEPS.filter(([, command, args]) => {
  const done = spawnSync(bin(command), args, { cwd: at, stdio: "inherit", shell: process.platform === "win32" });
  return done.status !== 0;
}).map(([name]) => name);

const faults = layoutFaults(at);
for (const fault of faults) console.error(`layout: ${fault}`);
if (faults.length > 0) failed.push("layout");

if (failed.length > 0) {
  console.error(`\ncheck failed: ${failed.join("; ")}`);
  process.exit(1);
}
console.log("check passed: types, lint, format, import directions, layout, nothing unused");
