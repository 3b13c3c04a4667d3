import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "../../infra/build/repository.ts";
import { onceAmongProcesses } from "./once-among-processes.ts";

const build = (out: string, part: string): Promise<unknown> =>
  promisify(execFile)(process.execPath, [join(root, "infra/build/build.ts"), "--out", out, part]);

/**
 * Builds what few test files need into the folder of the suite's bundles, once; `own` is used without a suite. Returns
 * the part's folder, which nobody may change.
 */
export const builtPart = async (part: "client" | "console", own: string): Promise<string> => {
  const { RELAIS_TEST_DIST: shared } = process.env;
  if (!shared) {
    await build(own, part);
    return join(own, part);
  }
  const path = join(shared, part);
  const act = async (): Promise<void> => {
    const making = mkdtempSync(join(shared, "making-"));
    await build(making, part);
    renameSync(join(making, part), path);
    rmSync(making, { recursive: true });
  };
  await onceAmongProcesses({ path, isDone: () => existsSync(path), act });
  return path;
};
