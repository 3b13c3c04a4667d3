import { globSync, readFileSync } from "node:fs";
import { join, posix, sep } from "node:path";

/** Files that stand in no folder of the domain. */
const KERNEL = "the kernel";

/** The folders of functions/domain: each may import what stands before it, types included, and never what stands after it. */
const ORDER = [
  KERNEL,
  "google",
  "access",
  "settings",
  "mail-servers",
  "connections",
  "messages",
  "alerts",
  "notices",
  "doctor",
];

/** What each file imports, as paths from the root. */
type Imports = ReadonlyMap<string, readonly string[]>;

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");

/** `import … from "./x"`, `export … from "./x"`, `import "./x"` and `import("./x")`, of values and of types. */
const IMPORT = /\b(?:from|import)\s*\(?\s*"(\.[^"]+)"/g;

const importsOf = (at: string): Imports => {
  const paths = globSync("functions/**/*.{ts,tsx}", { cwd: at }).map((path) => path.split(sep).join("/"));
  return new Map(
    paths.map((path) => {
      const text = withoutComments(readFileSync(join(at, path), "utf8"));
      return [path, [...text.matchAll(IMPORT)].map(([, to = ""]) => posix.join(posix.dirname(path), to))];
    }),
  );
};

/** The folder of the domain that a file stands in; null: it stands outside the domain. */
const folderOf = (path: string): string | null => {
  const [functions, domain, first, ...rest] = path.split("/");
  if (functions !== "functions" || domain !== "domain" || first === undefined) return null;
  return rest.length === 0 ? KERNEL : first;
};

const placeFaults = (imports: Imports): string[] => {
  const folders = new Set([...imports.keys()].map(folderOf));
  return [...folders].flatMap((folder) =>
    folder === null || ORDER.includes(folder)
      ? []
      : [`functions/domain/${folder} has no place in the order of the folders (${ORDER.join(" → ")})`],
  );
};

const directionFaults = (imports: Imports): string[] =>
  [...imports].flatMap(([path, targets]) =>
    targets.flatMap((target) => {
      const [from, to] = [folderOf(path), folderOf(target)];
      return from !== null && to !== null && ORDER.indexOf(to) > ORDER.indexOf(from)
        ? [`${path} imports ${target}: ${from} stands before ${to} (${ORDER.join(" → ")})`]
        : [];
    }),
  );

/** The circles that an import closes, each as the files that it runs through. */
const circles = (imports: Imports): string[][] => {
  const done = new Set<string>();
  const found: string[][] = [];
  const follow = (path: string, way: readonly string[]): void => {
    const start = way.indexOf(path);
    if (start >= 0) found.push([...way.slice(start), path]);
    if (start >= 0 || done.has(path)) return;
    for (const target of imports.get(path) ?? []) follow(target, [...way, path]);
    done.add(path);
  };
  for (const path of imports.keys()) follow(path, []);
  return found;
};

/** Every import of functions/ that runs against the order of the domain's folders or closes a circle, a line each. */
export const importFaults = (at: string): string[] => {
  const imports = importsOf(at);
  return [
    ...placeFaults(imports),
    ...directionFaults(imports),
    ...circles(imports).map((circle) => `a circle of imports: ${circle.join(" → ")}`),
  ];
};
