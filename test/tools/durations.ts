import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** How long each test file took in this run, and in earlier ones, which the file at `path` remembers. */
export class Durations {
  readonly #path: string;
  readonly #before: Readonly<Record<string, number>>;
  readonly #now: Record<string, number> = {};
  readonly #cpu: Record<string, number> = {};

  constructor(path: string) {
    this.#path = path;
    this.#before = read(path);
  }

  /** A long file that starts last runs alone, while all other processors idle. An unknown file may be long. */
  longestFirst(files: readonly string[]): string[] {
    const of = (file: string): number => this.#before[file] ?? Number.MAX_VALUE;
    return files.toSorted((a, b) => of(b) - of(a) || a.localeCompare(b));
  }

  note(file: string, tookMs: number): void {
    this.#now[file] = tookMs;
  }

  noteCpu(file: string, cpuMs: number): void {
    this.#cpu[file] = cpuMs;
  }

  /** One line for each of the slowest files: its duration, and how long a processor was busy with it, if known. */
  slowest(count: number): readonly string[] {
    const files = Object.entries(this.#now).toSorted(([, a], [, b]) => b - a);
    return files.slice(0, count).map(([file, ms]) => {
      const cpuMs = this.#cpu[file];
      return `${seconds(ms)}  ${cpuMs === undefined ? " ".repeat(14) : `CPU ${seconds(cpuMs)}`}  ${file}`;
    });
  }

  save(): void {
    mkdirSync(dirname(this.#path), { recursive: true });
    writeFileSync(this.#path, JSON.stringify({ ...this.#before, ...this.#now }));
  }
}

export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1).padStart(8)} s`;

/** Empty if there is no such file, or half of one: another run may be writing it. */
const read = (path: string): Readonly<Record<string, number>> => {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return {};
  }
};
