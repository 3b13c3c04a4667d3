import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { deployableFunctions, root } from "../../infra/build/repository.ts";
import { suiteEnvironment } from "../builders/canary.ts";
import { emulatorsMissing, type StartedEmulators, startEmulators } from "../builders/emulators.ts";
import { BUNDLED_PROGRAMS } from "../builders/program-path.ts";
import { bundlePrograms } from "../builders/programs.ts";

const build = async (out: string): Promise<string> => {
  const args = [join(root, "infra/build/build.ts"), "--out", out, ...deployableFunctions(), "submission"];
  const [code] = await once(spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] }), "exit");
  if (code !== 0) throw new Error("the functions could not be bundled");
  return out;
};

/** Bundles what tests start again and again, in a folder as deep in the repository as the sources. */
const buildPrograms = async (): Promise<string> => {
  mkdirSync(join(root, "node_modules/.cache"), { recursive: true });
  const folder = mkdtempSync(join(root, "node_modules/.cache/relais-programs-"));
  await bundlePrograms(folder);
  return folder;
};

interface Needed {
  /** One pair of Google's emulators, which takes 8 s to start; each test uses a project id of its own. */
  readonly emulators: boolean;
  /** The functions, bundled once. */
  readonly bundles: boolean;
}

/** What the tests of a run share. */
interface SharedParts {
  /** Resolves when all of them are there; other tests run meanwhile. */
  readonly ready: Promise<void>;
  /** Of a process whose output is searched for secrets, which it records in this folder; complete once all is ready. */
  searchedEnvironment(canaryDirectory: string): NodeJS.ProcessEnv;
  /** Returns what ran on the emulators, if there were any. */
  stop(): Promise<StartedEmulators["queries"] | null>;
}

/** Starts what is needed. `directory` holds what others leave behind. */
export const startSharedParts = (needed: Needed, directory: string): SharedParts => {
  const emulators = needed.emulators && !emulatorsMissing() ? startEmulators() : null;
  const [bundles, programs] = needed.bundles ? [build(join(directory, "dist")), buildPrograms()] : [null, null];
  const prepare = async (): Promise<void> => {
    const [started, built, bundled] = await Promise.all([emulators, bundles, programs]);
    Object.assign(process.env, started?.environment);
    if (built !== null) process.env.RELAIS_TEST_DIST = built;
    if (bundled !== null) process.env[BUNDLED_PROGRAMS] = bundled;
  };
  const ready = prepare();
  ready.catch(() => undefined);
  return {
    ready,
    searchedEnvironment: (canaryDirectory) => {
      process.env.RELAIS_CANARY_DIR = canaryDirectory;
      return { ...process.env, ...suiteEnvironment() };
    },
    stop: async () => {
      const started = await emulators;
      await started?.stop();
      const bundled = await programs;
      if (bundled !== null) rmSync(bundled, { recursive: true, force: true });
      return started?.queries ?? null;
    },
  };
};
