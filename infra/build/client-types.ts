// The type declarations of relais-client, in one file for each entry point. Consumers do not have the domain, so the
// types that are derived from it (`functions/client/api-types.ts`) are written out in full.
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "./repository.ts";

const source = join(root, "functions/client");

/** An exported type and the comment above it. */
interface DerivedType {
  readonly name: string;
  readonly comment: string;
}

const DERIVED = /(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?export type (\w+) =/g;

const derivedTypes = async (): Promise<readonly DerivedType[]> => {
  const text = await readFile(join(source, "api-types.ts"), "utf8");
  return [...text.matchAll(DERIVED)].map(([, comment = "", name = ""]) => ({ name, comment }));
};

/** A literal that no type has. With it a union of literals is another one, which the compiler must write in full. */
const MARK = '"~"';

/** A module whose declarations the compiler can only write in full: `InFull` rebuilds each type from its parts. */
const moduleInFull = (types: readonly DerivedType[]): string =>
  [
    `import type * as api from "${source}/api-types.ts";`,
    `type InFull<T> = (T extends string ? [T] | [${MARK}] : T extends number | boolean | null | undefined ? [T]`,
    "  : T extends readonly (infer I)[] ? [readonly InFull<I>[]] : [{ readonly [K in keyof T]: InFull<T[K]> }])[0];",
    "declare const inFull: <T>() => InFull<T>;",
    ...types.map(({ name }) => `export const ${name} = inFull<api.${name}>();`),
  ].join("\n");

/** Runs the compiler for its declarations alone; `npm run check` has it look for errors. */
const emitDeclarations = async (folder: string, types: readonly DerivedType[]): Promise<void> => {
  await writeFile(join(folder, "in-full.ts"), moduleInFull(types));
  const compilerOptions = {
    noEmit: false,
    noCheck: true,
    declaration: true,
    emitDeclarationOnly: true,
    stripInternal: true,
  };
  await writeFile(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: join(root, "tsconfig.json"),
      compilerOptions: { ...compilerOptions, rootDir: root, outDir: join(folder, "out") },
      files: ["in-full.ts", join(source, "main.ts"), join(source, "nodemailer.ts")],
      // The kinds of records are declared all over the domain, and its types are wrong without them.
      include: [join(root, "functions/domain/**/*.ts")],
      exclude: [],
    }),
  );
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  // Its run is short: several threads would each read what they share, and collect garbage that there is room for.
  const { status } = spawnSync(process.execPath, [compiler, "--singleThreaded", "-p", folder], {
    stdio: "inherit",
    env: { ...process.env, GOGC: "400" },
  });
  if (status !== 0) throw new Error("the declarations of relais-client could not be made");
};

const derivedDeclarations = (emitted: string, types: readonly DerivedType[]): string =>
  types
    .map(({ name, comment }) => {
      const start = `export declare const ${name}: `;
      const from = emitted.indexOf(start);
      const next = emitted.indexOf("\nexport declare const ", from + 1);
      const declaration = emitted
        .slice(from + start.length, next === -1 ? undefined : next)
        .replaceAll(` | ${MARK}`, "");
      if (from === -1 || declaration.includes("import(")) throw new Error(`${name} could not be written in full`);
      return `${comment}export type ${name} = ${declaration}`;
    })
    .join("\n");

const IMPORT = /^import [^;]*;\n/gm;
const REEXPORT = /^export (?:type )?\{([^}]*)\} from "\.\/([\w-]+)\.ts";\n/gm;
const EXPORT = /^export (?=declare|type|interface|abstract|class)|^export \{\};?\n?/gm;

/** A declaration with the comment above it; each begins at the start of a line. */
const DECLARATION =
  /(?:^\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?^(?:declare (?:abstract )?\w+|type|interface) (\w+)(?:(?!^(?:\/\*\*|declare|type|interface)\b)[\s\S])*/gm;

/** Leaves out the declarations that no exported one needs. */
const withoutUnused = (text: string, exported: readonly string[]): string => {
  const declarations = new Map([...text.matchAll(DECLARATION)].map(([whole, name = ""]) => [name, whole]));
  const needed = new Set<string>();
  const need = (name: string): void => {
    const declaration = declarations.get(name);
    if (declaration === undefined || needed.has(name)) return;
    needed.add(name);
    for (const [word] of declaration.matchAll(/\b[A-Za-z]\w*\b/g)) need(word);
  };
  for (const name of exported) need(name);
  return [...declarations]
    .flatMap(([name, declaration]) => (needed.has(name) ? [declaration.trimEnd()] : []))
    .join("\n");
};

/** One file of what `main.ts` exports, and of what that needs from any module. */
const bundleMain = async (emitted: string, derived: string): Promise<string> => {
  const read = (name: string) => readFile(join(emitted, `${name}.d.ts`), "utf8");
  const main = await read("main");
  const exported = [...main.matchAll(REEXPORT)]
    .flatMap(([, names = ""]) => names.split(",").map((name) => name.replace(/\btype\b/, "").trim()))
    .filter(Boolean);
  const modules = new Map<string, string>([["api-types", derived]]);
  const add = async (name: string): Promise<void> => {
    if (modules.has(name)) return;
    const text = await read(name);
    modules.set(name, text.replace(IMPORT, ""));
    for (const [, imported = ""] of text.matchAll(/from "\.\/([\w-]+)\.ts"/g)) await add(imported);
  };
  for (const [, , name = ""] of main.matchAll(REEXPORT)) await add(name);
  const declared = [...modules.values()].map((text) => text.replace(EXPORT, "")).join("\n");
  return `${withoutUnused(declared, exported)}\nexport { ${exported.sort().join(", ")} };\n`;
};

export interface Declarations {
  readonly main: string;
  /** It imports the other from `./index.js`. */
  readonly nodemailer: string;
}

export const clientDeclarations = async (): Promise<Declarations> => {
  // Within the repository, so that the compiler finds its settings, and outside node_modules, which it would skip.
  await mkdir(join(root, "dist"), { recursive: true });
  const folder = await mkdtemp(join(root, "dist/client-types-"));
  try {
    const types = await derivedTypes();
    await emitDeclarations(folder, types);
    const inFull = await readFile(join(folder, "out", folder.slice(root.length + 1), "in-full.d.ts"), "utf8");
    const emitted = join(folder, "out/functions/client");
    const nodemailer = await readFile(join(emitted, "nodemailer.d.ts"), "utf8");
    return {
      main: await bundleMain(emitted, derivedDeclarations(inFull, types)),
      nodemailer: nodemailer.replace(/from "\.\/[\w-]+\.ts"/g, 'from "./index.js"'),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
