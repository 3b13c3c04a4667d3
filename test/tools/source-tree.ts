import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The folders of a repository that hold what the rules of the house are about. */
const FOLDERS = ["functions", "infra", "test", ".github", ".ci"];

/** What is in a folder and below, folders too, except names that begin with a dot, which are not ours. */
const below = (at: string, folder: string): string[] =>
  readdirSync(join(at, folder), { withFileTypes: true })
    .filter(({ name }) => !name.startsWith("."))
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      return entry.isDirectory() ? [path, ...below(at, path)] : [path];
    });

/** Whether a path is meant: it begins in one of these ways and ends in one of these. */
export interface Where {
  readonly under: readonly string[];
  readonly ending: readonly string[];
}

/** The sources of a repository, or of a copy: listed once, and each read once, for all the rules. */
export class SourceTree {
  readonly at: string;
  /** The files and folders, from the root, with slashes. */
  readonly paths: readonly string[];
  readonly #texts = new Map<string, string>();
  readonly #codes = new Map<string, string>();

  constructor(at: string) {
    this.at = at;
    this.paths = FOLDERS.filter((folder) => existsSync(join(at, folder))).flatMap((folder) => below(at, folder));
  }

  files({ under, ending }: Where): readonly string[] {
    return this.paths.filter(
      (path) => under.some((start) => path.startsWith(start)) && ending.some((end) => path.endsWith(end)),
    );
  }

  text(path: string): string {
    const known = this.#texts.get(path);
    if (known !== undefined) return known;
    const text = readFileSync(join(this.at, path), "utf8");
    this.#texts.set(path, text);
    return text;
  }

  /** The text of a TypeScript file without its comments. */
  code(path: string): string {
    const known = this.#codes.get(path);
    if (known !== undefined) return known;
    const code = this.text(path)
      .replace(/\/\*[\s\S]*?\*\//g, "")
      .replace(/^\s*\/\/.*$/gm, "");
    this.#codes.set(path, code);
    return code;
  }
}
