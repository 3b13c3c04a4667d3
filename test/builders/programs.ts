import { join } from "node:path";
import { bundle } from "../../infra/build/bundle.ts";
import { bundling } from "../../infra/build/bundle-plugins.ts";
import { root } from "../../infra/build/repository.ts";
import { PROGRAMS } from "./program-path.ts";

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
    // oidc-provider stores what it makes by the names of its classes, which would be changed where two are alike.
    keepNames: true,
    // superstatic loads some of its own files by path.
    external: ["superstatic"],
    sourcemap: "linked",
    sourcesContent: false,
  });
};
