import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

/** Programs that tests start again and again. From their sources, each start would load hundreds of modules. */
export const PROGRAMS = {
  start: "functions/runtime/commands/start.ts",
  restore: "functions/runtime/commands/restore.ts",
  erase: "functions/runtime/commands/erase.ts",
  risc: "functions/runtime/commands/risc.ts",
  "cold-store": "test/integration/connections/cold-store.worker.ts",
  ledger: "test/bench/soak/ledger.worker.ts",
  // Its bundle is read in a third of the time. `as-deployed.test.ts` and `bundles.test.ts` run it as installed.
  "functions-framework": "node_modules/@google-cloud/functions-framework/build/src/main.js",
  "document-function": "test/integration/documents/function.worker.ts",
  "same-key": "test/integration/messages/same-key.worker.ts",
  // Preloaded into others, each of which would load two more modules of TypeScript and all that node:http can do.
  "canary-preload": "test/builders/canary-preload.ts",
  "kill-points": "test/integration/crash/kill-points.ts",
} as const;

/** Names the folder in which `npm test` has bundled them. */
export const BUNDLED_PROGRAMS = "RELAIS_TEST_PROGRAMS";

/** The program as `npm test` has bundled it for the whole suite, or else its source. */
export const programPath = (name: keyof typeof PROGRAMS): string => {
  const folder = process.env[BUNDLED_PROGRAMS];
  return folder ? join(folder, `${name}.mjs`) : join(root, PROGRAMS[name]);
};
