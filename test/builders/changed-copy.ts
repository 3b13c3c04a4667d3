import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

/** Replaces one text in a file of the copy; `by` may refer to the original text as `$&`. */
export interface Edit {
  readonly file: string;
  readonly text: string;
  readonly by: string;
}

/**
 * Copies the repository's sources into a new directory and edits them. Fails if a text to replace is no longer there.
 */
export const changedCopy = (...edits: readonly Edit[]): string => {
  const copy = mkdtempSync(join(tmpdir(), "relais-changed-"));
  for (const part of ["functions", "infra/build", "package.json", "package-lock.json", "tsconfig.json"]) {
    cpSync(join(root, part), join(copy, part), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  for (const { file, text, by } of edits) {
    const path = join(copy, file);
    const before = readFileSync(path, "utf8");
    assert.ok(before.includes(text), `${file} no longer holds what is to be changed: ${text}`);
    writeFileSync(path, before.replace(text, by));
  }
  return copy;
};

/** Bundles functions from the given sources. */
export const bundleFrom = async (source: string, out: string, ...functions: readonly string[]): Promise<string> => {
  const args = [join(source, "infra/build/build.ts"), "--out", out, ...functions];
  const [code] = await once(spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] }), "exit");
  if (code !== 0) throw new Error(`the functions of ${source} could not be bundled`);
  return out;
};
