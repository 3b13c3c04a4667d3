import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe } from "node:test";
import { pathToFileURL } from "node:url";

/** Runs these test files in this process, one after the other. The hooks of each are its own. */
export const runBatch = (root: string, files: readonly string[]): void => {
  for (const file of files)
    describe(file, async () => {
      await import(pathToFileURL(join(root, file)).href);
    });
};

const CHANGES_ENVIRONMENT = /\bprocess\.env(?:\.\w+|\[[^\]]+\]) = |\bdelete process\.env/;

/** A file that changes what all of its process share needs a process of its own. */
export const needsOwnProcess = (source: string): boolean => CHANGES_ENVIRONMENT.test(source);

/** Deals the files over at most so many hands, as cards are dealt: what stands first in the list begins each hand. */
export const deal = <T>(files: readonly T[], hands: number): T[][] =>
  Array.from({ length: Math.min(hands, files.length) }, (_, hand) => files.filter((_, at) => at % hands === hand));

interface Batches {
  readonly root: string;
  /** Where the programs are written that run a batch each. */
  readonly directory: string;
  readonly count: number;
}

/** Programs that together run all the files, sharing processes: most of what a small test file takes is the start of its process. */
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
