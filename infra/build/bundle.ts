// One way to call esbuild, so that a bundle depends on the sources alone.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { type BuildOptions, build, type Metafile } from "esbuild";
import { COMMIT_NAME } from "../../functions/domain/build.ts";
import { sourceBuild } from "../../functions/runtime/local/source-build.ts";
import { root } from "./repository.ts";

const givenCommit = (): string | null => {
  const given = process.env.RELAIS_COMMIT || null;
  if (given === null || COMMIT_NAME.test(given)) return given;
  throw new Error("RELAIS_COMMIT must have 1 to 64 letters, digits, dots, plus signs, hyphens or underscores");
};

const { version, commit } = sourceBuild(root, givenCommit());

/**
 * Bundles into `outdir`, and returns the names of the files. esbuild writes paths into bundles and source maps, and the
 * names of chunks are hashes of these, so it sees the same paths wherever this repository, its packages (if linked),
 * `outdir` and the working directory are.
 */
export const bundle = async (options: BuildOptions & { readonly outdir: string }): Promise<Metafile["outputs"]> => {
  const { outdir, ...rest } = options;
  const virtual = join(root, "dist/bundle");
  const { outputFiles, metafile } = await build({
    ...rest,
    outdir: virtual,
    absWorkingDir: root,
    preserveSymlinks: true,
    define: { RELAIS_VERSION: JSON.stringify(version), RELAIS_COMMIT: JSON.stringify(commit), ...rest.define },
    metafile: true,
    write: false,
    logLevel: "warning",
  });
  for (const { path, contents } of outputFiles) {
    const target = join(outdir, relative(virtual, path));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, contents);
  }
  return metafile.outputs;
};
