import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe } from "node:test";
import { pathToFileURL } from "node:url";
// Loaded here, so that what files share ends after the last of them.
import "../builders/at-end.ts";
import { cpuMs, noteCpuTime } from "./cpu-time.ts";

/** Runs these test files in this process, one after the other. Each has its own hooks. */
export const runBatch = (root: string, files: readonly string[]): void => {
  for (const file of files)
    describe(file, async () => {
      let beganMs = 0;
      before(() => {
        beganMs = cpuMs();
      });
      await import(pathToFileURL(join(root, file)).href);
      // Last of all, since a file's own hook may end its processes.
      after(() => noteCpuTime(join(root, file), cpuMs() - beganMs));
    });
};

const CHANGES_ENVIRONMENT = /\bprocess\.env(?:\.\w+|\[[^\]]+\]) = |\bdelete process\.env/;

/** A file that changes what its process shares needs a process of its own. */
export const needsOwnProcess = (source: string): boolean => CHANGES_ENVIRONMENT.test(source);

const SHARES_STACK = /\breadOnlyStack\(/;

/** The files that share a stack, which only those in one process can, and each other file by itself. */
const inseparable = (root: string, files: readonly string[]): string[][] => {
  const sharing = files.filter((file) => SHARES_STACK.test(readFileSync(join(root, file), "utf8")));
  const others = files.filter((file) => !sharing.includes(file)).map((file) => [file]);
  return sharing.length > 0 ? [sharing, ...others] : others;
};

/** Deals the files out to at most this many hands that take about as long: each, the longest first, to the shortest. */
export const deal = <T>(files: readonly T[], hands: number, lengthOf: (file: T) => number): T[][] => {
  const dealt = Array.from({ length: Math.min(hands, files.length) }, () => ({ length: 0, files: [] as T[] }));
  for (const file of files.toSorted((a, b) => lengthOf(b) - lengthOf(a))) {
    const shortest = dealt.reduce((least, hand) => (hand.length < least.length ? hand : least));
    shortest.files.push(file);
    // Each counts for something, so that files of unknown length are dealt like cards.
    shortest.length += Math.max(1, lengthOf(file));
  }
  return dealt.map((hand) => hand.files);
};

interface Batch {
  readonly program: string;
  /** How long all that it runs takes, as far as is known. */
  readonly lengthMs: number;
}

interface Batches {
  readonly root: string;
  /** Where the programs that run one batch each are written. */
  readonly directory: string;
  readonly count: number;
  /** How long a file takes, as far as is known. */
  readonly lengthOf: (file: string) => number;
  /** A longer file gets a program of its own, beside which others run. */
  readonly longest: number;
}

/**
 * Writes programs that together run all the files in shared processes, since a small file takes little more than its
 * process's start.
 */
export const writeBatches = (files: readonly string[], batches: Batches): Batch[] => {
  const { root, directory, count, lengthOf, longest } = batches;
  const isAlone = (file: string): boolean =>
    lengthOf(file) > longest || needsOwnProcess(readFileSync(join(root, file), "utf8"));
  const alone = new Set(files.filter(isAlone));
  const lengthOfAll = (some: readonly string[]): number => some.reduce((sum, file) => sum + lengthOf(file), 0);
  const together = files.filter((file) => !alone.has(file));
  const dealt = deal(inseparable(root, together), count, lengthOfAll);
  const shared = dealt.map((hand, at) => {
    const batch = hand.flat();
    const program = join(directory, `batch-${at + 1}.test.ts`);
    const calls = `runBatch(${JSON.stringify(root)}, ${JSON.stringify(batch)});`;
    writeFileSync(program, `import { runBatch } from ${JSON.stringify(import.meta.url)};\n\n${calls}\n`);
    return { program, lengthMs: lengthOfAll(batch) };
  });
  return [...[...alone].map((file) => ({ program: join(root, file), lengthMs: lengthOf(file) })), ...shared];
};
