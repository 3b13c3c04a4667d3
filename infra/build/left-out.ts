// What the functions' bundles leave out of packages because Relais never calls it: V8 reads all of a file before it
// runs any of it. Measurements: infra/decisions/cold-start.md.
import { readFile } from "node:fs/promises";
import type { Plugin } from "esbuild";

/**
 * Modules of Firestore's package for listeners, aggregates, decimal numbers, bundles and bulk writes. They are
 * loaded at first use (`lazy-requires.ts`), and throw then.
 */
const NEVER_CALLED =
  /[\\/](@google-cloud[\\/]firestore[\\/]build[\\/]src[\\/](aggregate|bulk-writer|bundle|query-partition|quadruple|quadruple_builder|rate-limiter|recursive-delete|watch|reference[\\/]aggregate-query)|functional-red-black-tree[\\/]rbtree)\.js$/;

export const withoutUncalledModules: Plugin = {
  name: "without-uncalled-modules",
  setup: ({ onLoad }) =>
    onLoad({ filter: NEVER_CALLED }, ({ path }) => {
      const name = path.split(/[\\/]node_modules[\\/]/).at(-1);
      return { contents: `throw new Error("${name} is not in this bundle: see infra/build/left-out.ts");` };
    }),
};

/** Packages read their own version from package.json; nothing else of it is needed. */
export const versionsAlone: Plugin = {
  name: "versions-alone",
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]node_modules[\\/].*[\\/]package\.json$/ }, async ({ path }) => {
      const { name, version } = JSON.parse(await readFile(path, "utf8"));
      return { contents: JSON.stringify({ name, version }), loader: "json" };
    }),
};

const EXPORTED = /^export (?:const|function) (\w+)/gm;

/** zod gives each schema methods that describe it as JSON Schema. Only `npm run openapi` calls them. */
export const withoutJsonSchemas: Plugin = {
  name: "without-json-schemas",
  setup: ({ onLoad }) =>
    onLoad(
      { filter: /[\\/]zod[\\/]v4[\\/]core[\\/](json-schema-processors|to-json-schema)\.js$/ },
      async ({ path }) => {
        const names = [...(await readFile(path, "utf8")).matchAll(EXPORTED)].map(([, name = ""]) => name);
        return {
          contents: [
            'const fail = () => { throw new Error("this bundle has no JSON Schema: see infra/build/left-out.ts"); };',
            // These only make the methods.
            ...names.map((name) => `export const ${name} = ${/^create\w+Method$/.test(name) ? "() => fail" : "fail"};`),
          ].join("\n"),
        };
      },
    ),
};

/**
 * googleapis-common writes a query with qs, which loads fifteen other packages. Node's own module writes what it gives
 * it, text and lists of text, in the same way: a list as one parameter for each value.
 */
export const queriesWithoutQs: Plugin = {
  name: "queries-without-qs",
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^qs$/ }, ({ path, importer }) =>
      /[\\/]googleapis-common[\\/]/.test(importer) ? { path, namespace: "querystring" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "querystring" }, () => ({
      contents: [
        'const { stringify } = process.getBuiltinModule("node:querystring");',
        "const isGiven = ([, value]) => value !== undefined;",
        "exports.stringify = (query) => stringify(Object.fromEntries(Object.entries(query).filter(isGiven)));",
      ].join("\n"),
    }));
  },
};

const TABLE = /^const (\w+) = new Map\((\[\n[^;]*?\n\])\);$/gm;

/** Makes each table of a module when it is first asked, from text that V8 need not read as code. */
export const tablesAtFirstUse = (code: string): string =>
  code.replace(TABLE, (_, name: string, entries: string) => {
    const text = JSON.stringify(JSON.stringify(new Function(`return ${entries};`)()));
    return `const ${name} = (() => {
      let table;
      const made = () => (table ??= new Map(JSON.parse(${text})));
      return { has: (key) => made().has(key), get: (key) => made().get(key) };
    })();`;
  });

/** nodemailer's media types of files, two thousand of them. A mail without attachments needs none. */
export const mediaTypesAtFirstUse: Plugin = {
  name: "media-types-at-first-use",
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]nodemailer[\\/].*[\\/]mime-types\.js$/ }, async ({ path }) => {
      const code = await readFile(path, "utf8");
      const contents = tablesAtFirstUse(code);
      if (contents === code) throw new Error(`${path} has no tables in the form that infra/build/left-out.ts expects`);
      return { contents };
    }),
};
