import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe } from "node:test";
import { pathToFileURL } from "node:url";

/** Runs these test files in this process, one after the other. Each has its own hooks. */
export const runBatch = (root: string, files: readonly string[]): void => {
  for (const file of files)
    describe(file, async () => {
      await import(pathToFileURL(join(root, file)).href);
    });
};

const CHANGES_ENVIRONMENT = /\bprocess\.env(?:\.\w+|\[[^\]]+\]) = |\bdelete process\.env/;

/** A file that changes what its process shares needs a process of its own. */
export const needsOwnProcess = (source: string): boolean => CHANGES_ENVIRONMENT.test(source);

/** Deals the files out to at most this many hands, like cards: the first ones in the list begin the hands. */
export const deal = <T>(files: readonly T[], hands: number): T[][] =>
  Array.from({ length: Math.min(hands, files.length) }, (_, hand) => files.filter((_, at) => at % hands === hand));

interface Batches {
  readonly root: string;
  /** Where the programs that run one batch each are written. */
  readonly directory: string;
  readonly count: number;
}

/**
 * Writes programs that together run all the files in shared processes, since a small file takes little more than its
 * process's start.
 */
export const writeBatches = (files: readonly string[], { root, directory, count }: Batches): string[] => {
  const alone = files.filter((file) => needsOwnProcess(readFileSync(join(root, file), "utf8")));
  const shared = files.filter((file) => !alone.includes(file));
  const programs = deal(shared, count).map((batch, at) => {
    const program = join(directory, `batch-${at + 1}.test.ts`);
    const calls = `runBatch(${JSON.stringify(root)}, ${JSON.stringify(batch)});`;
    writeFileSync(program, `import { runBatch } from ${JSON.stringify(import.meta.url)};\n\n${calls}\n`);
    return program;
  });
  return [...programs, ...alone.map((file) => join(root, file))];
};
