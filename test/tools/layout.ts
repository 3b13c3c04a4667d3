import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { deployableFunctions } from "../../infra/build/repository.ts";
import { importFaults } from "./imports.ts";
import { SourceTree, type Where } from "./source-tree.ts";

const TOP_LEVEL = [
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  "firebase.json",
  "README.md",
  "README.fr.md",
  "LICENSE",
  "CHANGELOG.md",
  "functions",
  "infra",
  "test",
];
/** Generated, never committed. */
const MADE = ["node_modules", "dist"];

const topLevelFaults = (at: string): string[] =>
  readdirSync(at)
    .filter((name) => !name.startsWith(".") && ![...TOP_LEVEL, ...MADE].includes(name))
    .map((name) => `${name} is outside the fixed top level (${TOP_LEVEL.join(", ")})`);

const MAX_INDEX_LINES = 25;

const indexFaults = (at: string): string[] =>
  deployableFunctions(at).flatMap((name) => {
    const lines = readFileSync(join(at, "functions", name, "index.ts"), "utf8")
      .trimEnd()
      .split("\n").length;
    return lines > MAX_INDEX_LINES
      ? [`functions/${name}/index.ts has ${lines} lines; ${MAX_INDEX_LINES} are allowed`]
      : [];
  });

const VAGUE = /^(utils?|helpers?|common|misc|shared|managers?|services?)$/i;

/** Where names must say something. */
const NAMED: Where = { under: ["functions/", "test/", "infra/build/"], ending: [""] };

/** Such a name says where code was put, not what it does. */
const nameFaults = (tree: SourceTree): string[] =>
  tree.files(NAMED).flatMap((path) => {
    const name = basename(path).replace(/\.[^.]*$/, "");
    return VAGUE.test(name) ? [`${path}: call it after what it does`] : [];
  });

interface Ban {
  readonly where: Where;
  /** How the paths begin that may do it. */
  readonly except?: readonly string[];
  readonly pattern: RegExp;
  readonly why: string;
}

const PRODUCT: Where = { under: ["functions/"], ending: [".ts", ".tsx"] };
const DOMAIN: Where = { under: ["functions/domain/"], ending: [".ts"] };
const DOMAIN_AND_RUNTIME: Where = { under: ["functions/domain/", "functions/runtime/"], ending: [".ts"] };

/** Bans that the linter has no rule for. Comments are ignored. */
const BANS: readonly Ban[] = [
  {
    where: PRODUCT,
    except: ["functions/runtime/", "functions/submission/relais-smtp.ts"],
    pattern: /\bprocess\.env\b/,
    why: "process.env is read in functions/runtime/, and where relais-smtp starts",
  },
  {
    where: DOMAIN,
    pattern: /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(|\bsetTimeout\(|\bsetInterval\(/,
    why: "the domain is given its clock",
  },
  {
    where: DOMAIN,
    pattern: /\bMath\.random\(|\brandom(Bytes|UUID|Int)\(|\bgetRandomValues\(/,
    why: "the domain is given its randomness",
  },
  {
    where: DOMAIN,
    pattern: /\bfetch\(|\bprocess\./,
    why: "the domain does no I/O",
  },
  {
    where: DOMAIN_AND_RUNTIME,
    except: ["functions/domain/change-on-condition.ts"],
    pattern: /(?<!readonly )op: "replace"/,
    why: "a write on condition is made by conditionalWrite",
  },
  {
    where: DOMAIN_AND_RUNTIME,
    except: ["functions/domain/problem"],
    pattern: /code: "contended"|without end"/,
    why: "contention has one ending, that of changeOnCondition",
  },
  {
    where: DOMAIN_AND_RUNTIME,
    except: ["functions/domain/every-record.ts"],
    pattern: /cursor: string \| null = null/,
    why: "a query is read page by page by everyRecord",
  },
];

const banFaults = (tree: SourceTree): string[] =>
  BANS.flatMap(({ where, except = [], pattern, why }) =>
    tree
      .files(where)
      .filter((path) => !except.some((start) => path.startsWith(start)))
      .filter((path) => pattern.test(tree.code(path)))
      .map((path) => `${path}: ${why}`),
  );

/** Where infra/ lists functions: the map, and the part of it that is made only on demand. */
const FUNCTION_MAPS = [
  {
    file: "infra/functions.tf",
    map: /^ {2}functions = merge\([\w.]+, \{\n([\s\S]*?)^ {2}\}/m,
    entry: /^ {4}([\w-]+)\s*=\s*\{/gm,
  },
  {
    file: "infra/documents.tf",
    map: /^ {2}document_functions = \{\n([\s\S]*?)^ {2}\}/m,
    entry: /^ {6}([\w-]+)\s*=\s*\{/gm,
  },
];

/** The names in the maps of functions. */
const functionsInTerraform = (at: string): string[] =>
  FUNCTION_MAPS.flatMap(({ file, map, entry }) => {
    const entries = map.exec(readFileSync(join(at, file), "utf8"))?.[1] ?? "";
    return [...entries.matchAll(entry)].map((match) => match[1] ?? "");
  }).sort();

const functionsInHosting = (at: string): string[] => {
  const { hosting } = JSON.parse(readFileSync(join(at, "firebase.json"), "utf8"));
  const rewrites: readonly { readonly run?: { readonly serviceId: string } }[] = hosting.rewrites;
  return rewrites.flatMap(({ run }) => (run ? [run.serviceId] : []));
};

const functionFaults = (at: string): string[] => {
  const folders = deployableFunctions(at);
  const inInfra = functionsInTerraform(at);
  return [
    ...folders.filter((name) => !inInfra.includes(name)).map((name) => `${name} is missing from infra/functions.tf`),
    ...inInfra.filter((name) => !folders.includes(name)).map((name) => `functions/${name}/index.ts is missing`),
    ...functionsInHosting(at)
      .filter((name) => !folders.includes(name))
      .map((name) => `firebase.json rewrites to ${name}, which is no function`),
  ];
};

const FOLDERS_OF_FOLDERS = ["functions", "test"];

/**
 * A file directly under functions/ or test/ must be in a folder that says what it is; a README describes the folder
 * itself.
 */
const looseFaults = (at: string): string[] =>
  FOLDERS_OF_FOLDERS.flatMap((folder) =>
    readdirSync(join(at, folder), { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== "README.md")
      .map((entry) => `${folder}/${entry.name} stands outside any folder`),
  );

const LOGGING: Where = { under: ["functions/"], ending: [".ts"] };
const CODE_LOGGED = /\blog\s*\.\s*(?:info|warn|error)\(\s*"([a-z_]+)"/g;
const CODE_LISTED = /^ {2}([a-z_]+): \{/gm;

const matches = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1] ?? "");

/** The compiler makes `log-events.ts` explain every code; this refuses one that nothing logs. */
const logFaults = (tree: SourceTree): string[] => {
  const catalogue = "functions/runtime/log-events.ts";
  const logged = new Set(tree.files(LOGGING).flatMap((path) => matches(tree.text(path), CODE_LOGGED)));
  return matches(tree.text(catalogue), CODE_LISTED)
    .filter((code) => !logged.has(code))
    .map((code) => `${catalogue}: nothing logs ${code}`);
};

const MAX_COMMENT_COLUMNS = 120;

const OURS = ["functions/", "infra/", "test/"];

/** The files whose comments keep to this width: TypeScript, and what Terraform, the shell and GitHub read. */
const COMMENTED: readonly { readonly where: Where; readonly comment: RegExp }[] = [
  // A string that looks like a comment is not worth a parser.
  { where: { under: OURS, ending: [".ts", ".tsx", ".mjs"] }, comment: /^\s*\*|(?:^|\s)\/[/*]/ },
  { where: { under: OURS, ending: [".tf", ".hcl", ".sh", ".yml", ".yaml"] }, comment: /(?:^|\s)#/ },
  { where: { under: [".github/"], ending: [".yml"] }, comment: /(?:^|\s)#/ },
  { where: { under: [".ci/"], ending: [""] }, comment: /(?:^|\s)#/ },
];

const commentFaults = (tree: SourceTree): string[] =>
  COMMENTED.flatMap(({ where, comment }) =>
    tree.files(where).flatMap((path) =>
      tree
        .text(path)
        .split("\n")
        .flatMap((line, index) =>
          line.length > MAX_COMMENT_COLUMNS && comment.test(line)
            ? [`${path}:${index + 1}: a comment has at most ${MAX_COMMENT_COLUMNS} columns`]
            : [],
        ),
    ),
  );

/** Every breach of the layout, one line each. */
export const layoutFaults = (at: string): string[] => {
  const tree = new SourceTree(at);
  return [
    ...topLevelFaults(at),
    ...indexFaults(at),
    ...nameFaults(tree),
    ...banFaults(tree),
    ...functionFaults(at),
    ...looseFaults(at),
    ...logFaults(tree),
    ...importFaults(tree),
    ...commentFaults(tree),
  ];
};
