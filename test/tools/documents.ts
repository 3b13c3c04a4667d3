import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** A front page must be readable in one go. */
const MAX_FRONT_LINES = 120;
const FRONT_DOORS = ["README.md", "README.fr.md"];

/** GitHub's own pages beside the repository's files, such as a workflow's badge. */
const GITHUB_PAGE = /^(?:\.\.\/)+(?:actions|security|issues|releases)(?:\/|$)/;

const documents = (at: string): string[] =>
  globSync(["*.md", "{functions,infra,test,.github}/**/*.md"], { cwd: at, exclude: (path) => path === "node_modules" });

const read = (at: string, path: string): string => readFileSync(join(at, path), "utf8");

const frontFaults = (at: string): string[] =>
  FRONT_DOORS.filter((path) => existsSync(join(at, path))).flatMap((path) => {
    const lines = read(at, path).trimEnd().split("\n").length;
    return lines > MAX_FRONT_LINES ? [`${path} has ${lines} lines; ${MAX_FRONT_LINES} are allowed`] : [];
  });

const withoutFences = (text: string): string => text.replace(/^ *```[\s\S]*?^ *```/gm, "");

/** The anchor that GitHub makes from a heading. */
const anchorOf = (heading: string): string =>
  heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");

const anchorsIn = (text: string): string[] =>
  [...withoutFences(text).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) => anchorOf(heading));

const LINK = /\]\(([^)\s]+)(?: "[^"]*")?\)/g;

const linkFault = (at: string, document: string, link: string): string | null => {
  const [file = "", anchor] = link.split("#", 2);
  const target = file === "" ? document : normalize(join(dirname(document), decodeURI(file)));
  if (!existsSync(join(at, target))) return `${document} links to ${link}, which does not exist`;
  if (anchor === undefined || !target.endsWith(".md") || anchorsIn(read(at, target)).includes(anchor)) return null;
  return `${document} links to ${link}, and ${target} has no such heading`;
};

const linkFaults = (at: string, document: string): string[] =>
  [...withoutFences(read(at, document)).matchAll(LINK)]
    .map(([, link = ""]) => link)
    .filter((link) => !/^[a-z]+:/.test(link) && !GITHUB_PAGE.test(link))
    .flatMap((link) => linkFault(at, document, link) ?? []);

const CODE = /`([^`\n]+)`/g;
const ROOTED = /^(?:functions|infra|test)\/[\w./*{},-]+$/;
/** Paths in functions/README.md start at functions/ itself: a folder with its slash, or a file with its suffix. */
const FROM_FUNCTIONS =
  /^(?!(?:functions|infra|test|dist)\/|\/|\.{2}\/)[\w.*{},-]+(?:\/[\w.*{},-]+)*(?:\/|\.(?:ts|tsx|mjs|md|html|css))$/;

const namesIn = (text: string, pattern: RegExp): string[] =>
  [...withoutFences(text).matchAll(CODE)].map(([, name = ""]) => name).filter((name) => pattern.test(name));

const exists = (at: string, path: string): boolean => globSync(path.replace(/\/$/, ""), { cwd: at }).length > 0;

const GUIDE = "functions/README.md";

const pathFaults = (at: string, document: string): string[] => {
  const text = read(at, document);
  const rooted = namesIn(text, ROOTED);
  const own = document === GUIDE ? namesIn(text, FROM_FUNCTIONS) : [];
  return [...rooted, ...own.map((name) => `functions/${name}`)]
    .filter((path) => !exists(at, path))
    .map((path) => `${document} names ${path}, which does not exist`);
};

const DECISIONS = "infra/decisions";

/** Nobody finds a decision that is missing from the list. */
const decisionFaults = (at: string): string[] => {
  const index = `${DECISIONS}/README.md`;
  const list = existsSync(join(at, index)) ? read(at, index) : "";
  return globSync("*.md", { cwd: join(at, DECISIONS) })
    .filter((name) => name !== "README.md" && !list.includes(`](${name})`))
    .map((name) => `${index} does not list ${name}`);
};

const COMMAND = /\bnpm run ([a-z][\w:-]*)/g;

const scriptsOf = (at: string): readonly string[] => Object.keys(JSON.parse(read(at, "package.json")).scripts ?? {});

const commandFaults = (at: string, document: string): string[] =>
  [...read(at, document).matchAll(COMMAND)]
    .map(([, name = ""]) => name)
    .filter((name) => !scriptsOf(at).includes(name))
    .map((name) => `${document} names the command ${name}, which package.json does not have`);

/** Names of earlier releases stay as they were. */
const HISTORY = "CHANGELOG.md";

/** Every promise in a document that the repository does not keep, one line each. */
export const documentFaults = (at: string): string[] => [
  ...frontFaults(at),
  ...decisionFaults(at),
  ...documents(at)
    .filter((document) => document !== HISTORY)
    .flatMap((document) => [...linkFaults(at, document), ...pathFaults(at, document), ...commandFaults(at, document)]),
];
