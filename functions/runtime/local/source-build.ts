import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Build, UNKNOWN_COMMIT } from "../../domain/build.ts";

/** What bundles and `npm start` are made of. A changed test or document makes no other build. */
const BUILT_FROM = [
  "functions",
  "infra/build",
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  "firebase.json",
  ".npmrc",
];

/** Where git hooks look for their repository, which may be another one. */
const HOOK_VARIABLES = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"];

const environment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !HOOK_VARIABLES.includes(name)));

/**
 * The commit that is checked out in `root`, with `-dirty` if its sources have changed. A folder inside somebody else's
 * repository (an unpacked archive, for example) has no `.git` of its own, and no commit.
 */
const checkedOut = (root: string): string => {
  if (!existsSync(join(root, ".git"))) return UNKNOWN_COMMIT;
  // Without optional locks, it disturbs no other git that runs at the same time.
  const status = ["--no-optional-locks", "status", "--porcelain=v2", "--branch", "--", ...BUILT_FROM];
  const asked = spawnSync("git", status, { cwd: root, encoding: "utf8", env: environment() });
  const commit = /^# branch\.oid ([0-9a-f]{40,64})$/m.exec(asked.status === 0 ? asked.stdout : "")?.[1];
  if (commit === undefined) return UNKNOWN_COMMIT;
  return /^[^#\n]/m.test(asked.stdout) ? `${commit}-dirty` : commit;
};

/** What the sources in `root` are; `given` is the commit that `RELAIS_COMMIT` names, which counts more than git's. */
export const sourceBuild = (root: string, given: string | null): Build => {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return { version, commit: given ?? checkedOut(root) };
};
