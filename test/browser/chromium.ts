import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { onceAmongProcesses } from "../builders/once-among-processes.ts";

const root = join(import.meta.dirname, "../..");
const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
/** Each release unpacks into a folder of its own. */
const folder = join(tmpdir(), `relais-chromium-${devDependencies["@sparticuz/chromium"]}`);
const path = join(folder, "chromium");

const UNPACK = 'import chromium from "@sparticuz/chromium"; await chromium.executablePath();';

/** Unpacks into a private folder and renames it, so that a half-unpacked browser is never found under that name. */
const unpack = async (): Promise<void> => {
  const own = mkdtempSync(join(tmpdir(), "relais-chromium-"));
  const env = { ...process.env, TMPDIR: own };
  try {
    await promisify(execFile)(process.execPath, ["--input-type=module", "-e", UNPACK], { cwd: root, env });
    renameSync(own, folder);
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
};

/**
 * Where the packed Chromium is unpacked. The package would unpack it in place and use the file as soon as it exists: of
 * two test files on a fresh machine, the second would start half a browser (`ETXTBSY`).
 */
export const chromiumPath = async (): Promise<string> => {
  await onceAmongProcesses({ path, isDone: () => existsSync(path), act: unpack });
  return path;
};
