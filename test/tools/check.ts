// `npm run check` checks types, lint, format, import directions, layout, documents and unused code, and reports every
// failure. `node test/tools/check.ts DIR lint layout` runs only those steps, on a copy elsewhere.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { root } from "../../infra/build/repository.ts";
import { documentFaults } from "./documents.ts";
import { layoutFaults } from "./layout.ts";

const inColor = process.stderr.isTTY === true;

const STEPS: readonly (readonly [name: string, command: string, args: readonly string[]])[] = [
  // The other steps run meanwhile, and several threads would each check what they share.
  ["types", "tsc", ["--singleThreaded", "--pretty", String(inColor)]],
  ["lint", "biome", ["check", "--error-on-warnings", "--max-diagnostics=100", `--colors=${inColor ? "force" : "off"}`]],
  ["unused", "knip", ["--no-progress"]],
];

const [at = root, ...only] = process.argv.slice(2);
const isSelected = (step: string): boolean => only.length === 0 || only.includes(step);

/** Runs the step beside the others, and prints at its end what it says. */
const passes = async ([name, command, args]: (typeof STEPS)[number]): Promise<boolean> => {
  if (!isSelected(name)) return true;
  const child = spawn(join(root, "node_modules/.bin", command), args, {
    cwd: at,
    stdio: ["ignore", "pipe", "pipe"],
    // The compiler is a program in Go; its run is short, and its garbage need not be collected often.
    env: { ...process.env, GOGC: "400" },
    shell: process.platform === "win32",
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (said += part));
  const [code] = await once(child, "close");
  process.stderr.write(said);
  return code === 0;
};

const passed = await Promise.all(STEPS.map(passes));
const failed = STEPS.filter((_, step) => !passed[step]).map(([name]) => name);

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
