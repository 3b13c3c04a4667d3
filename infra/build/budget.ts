// How much code a function may have. After `npm run build`, `node infra/build/budget.ts` writes infra/build/budget.json
// anew, where it only lowers numbers: whoever raises one edits it by hand, and says why in the commit. A test compares
// (test/integration/runtime/bundles.test.ts).
import { globSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { deployableFunctions, root } from "./repository.ts";

export interface CodeSize {
  /** Bytes of `index.mjs` and of all that it imports: what is loaded before any request. */
  readonly start: number;
  /** Bytes of all files, loaded at first use or at the start. */
  readonly all: number;
}

const path = join(root, "infra/build/budget.json");

export const readBudget = (): Readonly<Record<string, CodeSize>> => JSON.parse(readFileSync(path, "utf8"));

/** The static imports of a bundled file; esbuild writes each of them as `import … from"./chunk.mjs"`. */
const IMPORT = /\b(?:from|import)\s*"(\.[^"]+)"/g;

const addImports = (file: string, found: Set<string>): ReadonlySet<string> => {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, to = ""] of readFileSync(file, "utf8").matchAll(IMPORT)) addImports(join(dirname(file), to), found);
  return found;
};

const bytesOf = (files: Iterable<string>): number => [...files].reduce((sum, file) => sum + statSync(file).size, 0);

export const measureBundle = (folder: string): CodeSize => ({
  start: bytesOf(addImports(join(folder, "index.mjs"), new Set())),
  all: bytesOf(globSync(join(folder, "**/*.mjs"))),
});

/** So that a change of some lines needs no new budget: a package that slips in is larger. */
const ROOM = 1.03;
const STEP = 10_000;

const roundUp = (bytes: number): number => Math.ceil((bytes * ROOM) / STEP) * STEP;

const lower = (former: CodeSize | undefined, { start, all }: CodeSize): CodeSize => ({
  start: Math.min(former?.start ?? Number.POSITIVE_INFINITY, roundUp(start)),
  all: Math.min(former?.all ?? Number.POSITIVE_INFINITY, roundUp(all)),
});

if (import.meta.main) {
  const former: Readonly<Record<string, CodeSize>> = globSync(path).length > 0 ? readBudget() : {};
  const names = [...deployableFunctions()].sort();
  const budget = names.map((name) => [name, lower(former[name], measureBundle(join(root, "dist", name)))]);
  writeFileSync(path, `${JSON.stringify(Object.fromEntries(budget), null, 2)}\n`);
}
