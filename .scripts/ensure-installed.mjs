// Runs before every script of package.json, by whatever Node (20 or later) the machine has: plain JavaScript, no dependency.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const packagesOf = (file) => JSON.parse(readFileSync(join(root, file), "utf8")).packages;

/** npm writes node_modules/.package-lock.json last: it lists what is there, complete or not at all. */
const isCurrent = () => {
  if (!existsSync(join(root, "node_modules/.package-lock.json"))) return false;
  const wanted = packagesOf("package-lock.json");
  const there = packagesOf("node_modules/.package-lock.json");
  // Packages for other platforms are optional and rightly missing.
  return Object.entries(wanted).every(
    ([path, entry]) => path === "" || (there[path] ? there[path].version === entry.version : entry.optional === true),
  );
};

if (!isCurrent()) {
  console.error("Installing dependencies (first start, or package-lock.json has changed) …");
  // Errors alone: npm warns of the Node that runs it, whereas everything then runs on the one that it installs.
  const run = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  if (run.status !== 0) {
    console.error("`npm ci` failed; its message is above.");
    process.exit(run.status ?? 1);
  }
}
