import { posix } from "node:path";
import type { SourceTree } from "./source-tree.ts";

/** Files that are directly in the domain's folder. */
const KERNEL = "the kernel";

/** The folders of functions/domain: each may import those before it, types included, but never those after it. */
const ORDER = [
  KERNEL,
  "google",
  "access",
  "settings",
  "mail-servers",
  "connections",
  "messages",
  "documents",
  "alerts",
  "notices",
  "doctor",
];

/** What each file imports, as paths from the root. */
type Imports = ReadonlyMap<string, readonly string[]>;

/** `import … from "./x"`, `export … from "./x"`, `import "./x"` and `import("./x")`, of values and types. */
const IMPORT = /\b(?:from|import)\s*\(?\s*"(\.[^"]+)"/g;

const typeScriptIn = (tree: SourceTree, folder: string): readonly string[] =>
  tree.files({ under: [folder], ending: [".ts", ".tsx"] });

const importsOf = (tree: SourceTree): Imports =>
  new Map(
    typeScriptIn(tree, "functions/").map((path) => [
      path,
      [...tree.code(path).matchAll(IMPORT)].map(([, to = ""]) => posix.join(posix.dirname(path), to)),
    ]),
  );

/** The domain folder that a file is in; null if it is outside the domain. */
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

/** The circles of imports, each as the files that it runs through. */
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

/** What the console uses from the domain at run time: texts, and rules without a port. */
const SHARED_WITH_CONSOLE = [
  "build.ts",
  "language.ts",
  "text-template.ts",
  "transport.ts",
  "problem-texts.ts",
  "field-texts.ts",
  "address.ts",
  "access/admission.ts",
  "access/audit-actions.ts",
  "messages/statuses.ts",
  "messages/timeline-notes.ts",
].map((path) => `functions/domain/${path}`);

const VALUE_IMPORT = /\b(?:import|export)\s+(?!type\b)([^";]*?)\bfrom\s*"(\.[^"]+)"/g;
const isTypesOnly = (names: string): boolean => /^\s*\{\s*(type\s[^,}]*,?\s*)+\}\s*$/.test(names);

/** The imports of values in a folder. */
const runTimeImports = (tree: SourceTree, folder: string): (readonly [path: string, target: string])[] =>
  typeScriptIn(tree, folder).flatMap((path) =>
    [...tree.code(path).matchAll(VALUE_IMPORT)]
      .filter(([, names = ""]) => !isTypesOnly(names))
      .map(([, , to = ""]) => [path, posix.join(posix.dirname(path), to)] as const),
  );

/** What `relais-smtp` uses of the rest: values and rules without a store, the HTTP client, and how a program runs. */
const SHARED_WITH_SUBMISSION = [
  "domain/address.ts",
  "domain/build.ts",
  "domain/clock.ts",
  "domain/log.ts",
  "domain/remembered.ts",
  "domain/result.ts",
  "domain/secret.ts",
  "domain/sha256.ts",
  "adapters/http/send-request.ts",
  "adapters/http/verified-tls.ts",
  "runtime/config-error.ts",
  "runtime/config-values.ts",
  "runtime/ending-signals.ts",
  "runtime/logger.ts",
  "runtime/system-clock.ts",
].map((path) => `functions/${path}`);

const SUBMISSION = "functions/submission/";
/** `npm start` runs the door beside the functions. */
const MAY_RUN_THE_DOOR = "functions/runtime/local/";

/** The SMTP door is a client of the API as well: it knows none of the functions, and none of them knows it. */
const submissionFaults = (imports: Imports): string[] =>
  [...imports].flatMap(([path, targets]) =>
    targets.flatMap((target) => {
      const [from, to] = [path.startsWith(SUBMISSION), target.startsWith(SUBMISSION)];
      if (from && !to && !SHARED_WITH_SUBMISSION.includes(target))
        return [`${path} imports ${target}: the SMTP door is a client of the API`];
      if (to && !from && !path.startsWith(MAY_RUN_THE_DOOR))
        return [`${path} imports ${target}: only ${MAY_RUN_THE_DOOR} runs the SMTP door`];
      return [];
    }),
  );

/**
 * The console is a client of the API: from the domain, it may use the types of the API's answers, and the files above.
 */
const consoleFaults = (tree: SourceTree): string[] =>
  runTimeImports(tree, "functions/console/")
    .filter(([, target]) => target.startsWith("functions/domain/") && !SHARED_WITH_CONSOLE.includes(target))
    .map(([path, target]) => `${path} imports ${target} at run time: the console may import its types only`);

/** What the client's types are derived from: the views of the API's answers, and the catalogue of problems. */
const SEEN_BY_CLIENT = [
  "problem.ts",
  "access/session-view.ts",
  "mail-servers/mail-server-view.ts",
  "messages/views/message-view.ts",
].map((path) => `functions/domain/${path}`);

const isInClient = (path: string): boolean => path.startsWith("functions/client/");

/**
 * The client is a package of its own, so its code is its folder alone; of the domain it may use the types above. What
 * runs on a server has no use for it.
 */
const clientFaults = (tree: SourceTree, imports: Imports): string[] => [
  ...[...imports].flatMap(([path, targets]) =>
    targets
      .filter((target) => isInClient(path) && !isInClient(target) && !SEEN_BY_CLIENT.includes(target))
      .map((target) => `${path} imports ${target}: the client may import ${SEEN_BY_CLIENT.join(", ")}`),
  ),
  ...[...imports].flatMap(([path, targets]) =>
    targets
      .filter((target) => isInClient(target) && /^functions\/(domain|adapters|runtime|console)\//.test(path))
      .map((target) => `${path} imports ${target}: the client is for programs that call the API`),
  ),
  ...runTimeImports(tree, "functions/client/")
    .filter(([, target]) => !isInClient(target))
    .map(([path, target]) => `${path} imports ${target} at run time: the client may import its types only`),
];

/** Every import in functions/ that breaks the order of the domain's folders or closes a circle, one line each. */
export const importFaults = (tree: SourceTree): string[] => {
  const imports = importsOf(tree);
  return [
    ...placeFaults(imports),
    ...directionFaults(imports),
    ...consoleFaults(tree),
    ...submissionFaults(imports),
    ...clientFaults(tree, imports),
    ...circles(imports).map((circle) => `a circle of imports: ${circle.join(" → ")}`),
  ];
};
