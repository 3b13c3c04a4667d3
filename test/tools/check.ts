// `npm run check` checks types, lint, format, import directions, layout, documents and unused code, and reports every
// failure. `node test/tools/check.ts DIR lint layout` runs only those steps, on a copy elsewhere.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "../../infra/build/repository.ts";
import { documentFaults } from "./documents.ts";
import { layoutFaults } from "./layout.ts";

const STEPS: readonly (readonly [name: string, command: string, args: readonly string[]])[] = [
  ["types", "tsc", []],
  ["lint", "biome", ["check", "--error-on-warnings", "--max-diagnostics=100"]],
  ["unused", "knip", ["--no-progress"]],
];

const [at = root, ...only] = process.argv.slice(2);
const isSelected = (step: string): boolean => only.length === 0 || only.includes(step);

const failed = STEPS.filter(([name, command, args]) => {
  if (!isSelected(name)) return false;
  const options = { cwd: at, stdio: "inherit", shell: process.platform === "win32" } as const;
  return spawnSync(join(root, "node_modules/.bin", command), args, options).status !== 0;
}).map(([name]) => name);

const RULES = [
  ["layout", layoutFaults],
  ["documents", documentFaults],
] as const;
for (const [name, faultsOf] of RULES) {
  const faults = isSelected(name) ? faultsOf(at) : [];
  for (const fault of faults) console.error(`${name}: ${fault}`);
  if (faults.length > 0) failed.push(name);
}

if (failed.length > 0) {
  console.error(`\ncheck failed: ${failed.join("; ")}`);
  process.exit(1);
}
console.log("check passed: types, lint, format, import directions, nothing unused, layout, documents");
