import { spawnSync } from "node:child_process";

const git = (...args: readonly string[]): string =>
  spawnSync("git", args, { cwd: import.meta.dirname, encoding: "utf8" }).stdout.trim();

/** The code that is measured: the last commit, and whether anything has changed since. Result files do not count. */
export const commit =
  git("rev-parse", "--short", "HEAD") +
  (git("status", "--porcelain", "--", ":/", ":!/*.md", ":!/test/bench/results") && " with changes");
