import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";

/** The tag of the last release before this commit, or null if there is none. */
export const lastTag = (repository: string): string | null => {
  const args = ["describe", "--tags", "--abbrev=0", "--match", "v*"];
  const { status, stdout } = spawnSync("git", args, { cwd: repository, encoding: "utf8" });
  return status === 0 ? stdout.trim() : null;
};

/** Unpacks that release's sources into a new directory. Its functions are built with the packages of this one. */
export const sourcesOf = (repository: string, tag: string, directory: string): string => {
  mkdirSync(directory);
  const archive = execFileSync("git", ["archive", tag], { cwd: repository, maxBuffer: 1 << 28 });
  execFileSync("tar", ["-x"], { cwd: directory, input: archive });
  symlinkSync(join(repository, "node_modules"), join(directory, "node_modules"));
  return directory;
};
