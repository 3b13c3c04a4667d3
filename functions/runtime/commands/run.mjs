// Every script of package.json starts here, with whatever Node (20 or later) the machine has, so this is plain
// JavaScript without dependencies. `node run.mjs <command> [arguments]` installs what is missing and then becomes that
// command, with the Node that package.json pins.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const onWindows = process.platform === "win32";

const BUILD = ["infra/build/build.ts"];
const BUILD_CONSOLE = ["infra/build/build.ts", "console"];

/** The program of each command, and what must be built before it runs. */
const COMMANDS = {
  start: { program: "functions/runtime/commands/start.ts", first: BUILD_CONSOLE },
  "start:documents": { program: "functions/runtime/commands/start.ts", args: ["--documents"], first: BUILD_CONSOLE },
  demo: { program: "functions/runtime/commands/demo.ts" },
  deploy: { program: "functions/runtime/commands/deploy.ts" },
  restore: { program: "functions/runtime/commands/restore.ts" },
  erase: { program: "functions/runtime/commands/erase.ts" },
  risc: { program: "functions/runtime/commands/risc.ts" },
  build: { program: "infra/build/build.ts" },
  release: { program: "infra/build/release.ts", first: BUILD },
  openapi: { program: "functions/reference/write.ts" },
  check: { program: "test/tools/check.ts" },
  test: { program: "test/tools/test.ts" },
  screenshots: { program: "test/tools/screenshots.ts" },
  bench: { program: "test/bench/bench.ts", first: BUILD },
  soak: { program: "test/bench/soak.ts" },
  simulate: { program: "test/simulator/simulate.ts" },
};

/** Node keeps there what it has compiled, TypeScript stripped of types too; from the second start on it reads that. */
process.env.NODE_COMPILE_CACHE ||= join(root, "node_modules/.cache/compiled");

const packagesOf = (file) => JSON.parse(readFileSync(join(root, file), "utf8")).packages;

/** npm writes node_modules/.package-lock.json last, so it exists only after a complete installation. */
const isInstalled = () => {
  if (!existsSync(join(root, "node_modules/.package-lock.json"))) return false;
  const wanted = packagesOf("package-lock.json");
  const installed = packagesOf("node_modules/.package-lock.json");
  // Packages for other platforms are optional, and npm skips them.
  return Object.entries(wanted).every(
    ([path, entry]) =>
      path === "" || (installed[path] ? installed[path].version === entry.version : entry.optional === true),
  );
};

const exitUnlessDone = ({ status }, message) => {
  if (status === 0) return;
  if (message) console.error(message);
  process.exit(status ?? 1);
};

const install = () => {
  console.error("Installing dependencies (first start, or package-lock.json has changed): one to five minutes …");
  // Only errors: npm would warn about the Node that runs it, but everything else runs on the one that it installs.
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: onWindows,
  });
  exitUnlessDone(npm, "`npm ci` failed; its message is above.");
};

/** Replaces this process if the platform can (Node 22.15 and later), so that signals reach the command itself. */
const become = (node, args) => {
  if (process.execve && !onWindows) process.execve(node, [node, ...args], process.env);
  const child = spawn(node, args, { cwd: root, stdio: "inherit" });
  const pass = (signal) => child.kill(signal);
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, pass);
  child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
};

const [name, ...args] = process.argv.slice(2);
const command = COMMANDS[name];
if (!command) {
  console.error(`There is no command ${name}. There are: ${Object.keys(COMMANDS).join(", ")}.`);
  process.exit(2);
}
if (!isInstalled()) install();
const node = join(root, "node_modules/node/bin", onWindows ? "node.exe" : "node");
if (command.first) exitUnlessDone(spawnSync(node, command.first, { cwd: root, stdio: ["ignore", 2, 2] }));
become(node, [command.program, ...(command.args ?? []), ...args]);
