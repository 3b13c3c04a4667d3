// Google's packages load all of their modules when they are loaded, and most of them are never used. Here they load a
// module when something of it is used. Measurements: infra/decisions/cold-start.md.
import { readFile } from "node:fs/promises";
import type { Plugin } from "esbuild";

/** Packages that TypeScript has compiled to CommonJS, with modules that do nothing but export. */
const PACKAGES =
  /node_modules[\\/](@google-cloud[\\/](firestore|secret-manager)|gaxios|gcp-metadata|google-auth-library|google-logging-utils|googleapis|googleapis-common)[\\/]build[\\/].*\.js$/;

/** TypeScript names an imported module `name_1` and reaches all that it exports by a member of it. */
const IMPORT = /^(?:const|var) (\w+_\d+) = (require\("[^"]+"\));$/gm;

const EXPORTED_MODULE = /^exports\.(\w+) = (require\("[^"]+"\));$/gm;

/** A module that is a function takes over what was exported before; to read each value would load all. */
const TAKEN_OVER = /\bObject\.assign\(module\.exports, (\w+)\)/g;

const takeOver = (_: string, exported: string): string =>
  `Object.keys(${exported}).reduce((all, name) => Object.defineProperty(all, name, Object.getOwnPropertyDescriptor(${exported}, name)), module.exports)`;

/** The same module, in the same lines, but what it requires is loaded at its first use. */
export const requireLazily = (code: string): string => {
  const lazy: string[] = [];
  const declared = code.replace(IMPORT, (declaration, name: string, required: string) => {
    // A name that stands without a member after it is used in some other way.
    const uses = code.match(new RegExp(`\\b${name}\\b`, "g"))?.length ?? 0;
    const members = code.match(new RegExp(`\\b${name}\\.`, "g"))?.length ?? 0;
    if (uses !== members + 1) return declaration;
    lazy.push(name);
    return `const ${name} = { get module() { return ${required}; } };`;
  });
  const reached = lazy.reduce(
    (text, name) => text.replace(new RegExp(`\\b${name}\\.`, "g"), `${name}.module.`),
    declared,
  );
  return reached
    .replace(TAKEN_OVER, takeOver)
    .replace(
      EXPORTED_MODULE,
      (_, name: string, required: string) =>
        `Object.defineProperty(exports, "${name}", { enumerable: true, configurable: true, get: () => ${required} });`,
    );
};

/** `prepare` changes a file before. It must come after plugins that replace files of these packages. */
export const lazyRequires = (prepare: (path: string, code: string) => string): Plugin => ({
  name: "lazy-requires",
  setup: ({ onLoad }) =>
    onLoad({ filter: PACKAGES }, async ({ path }) => ({
      contents: requireLazily(prepare(path, await readFile(path, "utf8"))),
    })),
});
