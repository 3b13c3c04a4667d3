import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

/** Replaces one text in a file of a copy; `by` may refer to the original text as `$&`. */
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

export interface BundleEdit extends Pick<Edit, "text" | "by"> {
  /** The function. */
  readonly name: string;
}

/**
 * Makes a folder of the functions in `dist`, with one of them edited as it was bundled, which costs no other bundle.
 * Fails if the text to replace is not there exactly once.
 */
export const changedBundle = (dist: string, out: string, { name, text, by }: BundleEdit): string => {
  mkdirSync(out);
  for (const other of readdirSync(dist).filter((one) => one !== name)) symlinkSync(join(dist, other), join(out, other));
  cpSync(join(dist, name), join(out, name), { recursive: true });
  const found = globSync("**/*.mjs", { cwd: join(out, name) })
    .map((path) => join(out, name, path))
    .flatMap((path) =>
      readFileSync(path, "utf8")
        .split(text)
        .slice(1)
        .map(() => path),
    );
  const [path, ...others] = found;
  assert.ok(path !== undefined && others.length === 0, `${found.length} places in ${name} are: ${text}`);
  writeFileSync(path, readFileSync(path, "utf8").replace(text, by));
  return out;
};
