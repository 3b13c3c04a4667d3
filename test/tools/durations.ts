import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

interface Paths {
  /** Remembers this machine's runs. */
  readonly cache: string;
  /** Belongs to the repository, for a machine that remembers none. */
  readonly expected: string;
}

/** How long each test file took in this run, and in earlier ones. */
export class Durations {
  readonly #paths: Paths;
  readonly #before: Readonly<Record<string, number>>;
  readonly #now: Record<string, number> = {};
  readonly #cpu: Record<string, number> = {};

  constructor(paths: Paths) {
    this.#paths = paths;
    this.#before = { ...read(paths.expected), ...read(paths.cache) };
  }

  /** Undefined for a file that has not run yet. */
  of(file: string): number | undefined {
    return this.#before[file];
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
    mkdirSync(dirname(this.#paths.cache), { recursive: true });
    writeFileSync(this.#paths.cache, JSON.stringify({ ...this.#before, ...this.#now }));
  }

  /** Notes the durations of this run for machines that remember none, in tenths of a second. */
  saveAsExpected(): void {
    const rounded = Object.entries({ ...read(this.#paths.expected), ...this.#now })
      .map(([file, ms]) => [file, Math.ceil(ms / 100) * 100] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
    writeFileSync(this.#paths.expected, `${JSON.stringify(Object.fromEntries(rounded), null, 2)}\n`);
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
