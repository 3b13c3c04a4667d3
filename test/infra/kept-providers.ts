import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** Stands in for Terraform: says its environment, and lasts as long as the process that wants it. */
const SAYS_ENVIRONMENT = "#!/bin/sh\nenv -0 && printf '\\0' && exec cat >/dev/null\n";
const END = "\0\0";

let shim: string | undefined;
/** A folder whose `terraform` says its environment. */
const shimFolder = (): string => {
  if (shim !== undefined) return shim;
  const folder = mkdtempSync(join(tmpdir(), "relais-terraform-"));
  writeFileSync(join(folder, "terraform"), SAYS_ENVIRONMENT, { mode: 0o755 });
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  shim = folder;
  return folder;
};

const start = (command: string, folder: string, env: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv | null> =>
  new Promise((resolve) => {
    const PATH = [shimFolder(), env.PATH].join(delimiter);
    const child = spawn(command, [`-chdir=${folder}`, "version"], {
      env: { ...env, PATH },
      // Its input ends with this process, however that ends, and it with its input.
      stdio: ["pipe", "pipe", "ignore"],
    });
    let said = "";
    child.on("error", () => resolve(null));
    child.on("close", () => resolve(null));
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (!said.endsWith(END)) return;
      child.unref();
      for (const pipe of [child.stdin, child.stdout]) if (pipe instanceof Socket) pipe.unref();
      const entries = said.split("\0").map((line) => [line.split("=", 1)[0], line.slice(line.indexOf("=") + 1)]);
      resolve({ ...Object.fromEntries(entries.filter(([name]) => name)), PATH: env.PATH });
    });
  });

const kept = new Map<string, Promise<NodeJS.ProcessEnv | null>>();

/**
 * What `terraform` itself needs in its environment to use the providers of `command`, a program that starts some and
 * runs Terraform with them. To start them takes as long as a small plan, so those of a folder are kept for its next
 * run. Null if `command` is Terraform, or finds it elsewhere than on the PATH.
 */
export const keptProviders = (
  command: string,
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<NodeJS.ProcessEnv | null> => {
  if (process.platform === "win32") return Promise.resolve(null);
  const started = kept.get(folder) ?? start(command, folder, env);
  kept.set(folder, started);
  return started;
};
