import { join } from "node:path";
import { bundle } from "../../infra/build/bundle.ts";
import { bundling } from "../../infra/build/bundle-plugins.ts";
import { root } from "../../infra/build/repository.ts";

/** Programs that tests start again and again. From their sources, each start would load hundreds of modules. */
const PROGRAMS = {
  start: "functions/runtime/commands/start.ts",
  "cold-store": "test/integration/connections/cold-store.worker.ts",
  ledger: "test/bench/soak/ledger.worker.ts",
  "same-key": "test/integration/messages/same-key.worker.ts",
} as const;

/** Names the folder in which `npm test` has bundled them. */
export const BUNDLED_PROGRAMS = "RELAIS_TEST_PROGRAMS";

/** The program as `npm test` has bundled it for the whole suite, or else its source. */
export const programPath = (name: keyof typeof PROGRAMS): string => {
  const folder = process.env[BUNDLED_PROGRAMS];
  return folder ? join(folder, `${name}.mjs`) : join(root, PROGRAMS[name]);
};

/**
 * Bundles them as the functions are. `folder` must be as deep in the repository as the sources, which find the files
 * that they read from where they are.
 */
export const bundlePrograms = async (folder: string): Promise<void> => {
  await bundle({
    entryPoints: Object.fromEntries(Object.entries(PROGRAMS).map(([name, path]) => [name, join(root, path)])),
    ...bundling,
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    // They load parts of themselves by path.
    external: ["oidc-provider", "superstatic"],
    sourcemap: "linked",
    sourcesContent: false,
  });
};
