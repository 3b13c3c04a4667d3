import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

export const root = join(import.meta.dirname, "../..");

/** A folder directly under functions/ is deployable exactly when it holds index.ts. */
export const deployableFunctions = (at = root): string[] =>
  readdirSync(join(at, "functions"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(at, "functions", entry.name, "index.ts")))
    .map((entry) => entry.name)
    .sort();
