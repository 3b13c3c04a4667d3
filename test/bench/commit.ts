import { spawnSync } from "node:child_process";

const git = (...args: readonly string[]): string =>
  spawnSync("git", args, { cwd: import.meta.dirname, encoding: "utf8" }).stdout.trim();

/** What is measured: the last commit, and whether anything has been changed since. Results that stand beside the sources change nothing. */
export const commit =
  git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "--", ":/", ":!*.md") && " with changes");
