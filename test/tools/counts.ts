import { CHANNELS } from "../builders/canary.ts";
import { scanDirectory } from "../builders/canary-scan.ts";
import type { StartedEmulators } from "../builders/emulators.ts";

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const NONE: Counts = { passed: 0, failed: 0, skipped: 0 };

export const sumOf = (counts: readonly Counts[]): Counts =>
  counts.reduce(
    (sum, one) => ({
      passed: sum.passed + one.passed,
      failed: sum.failed + one.failed,
      skipped: sum.skipped + one.skipped,
    }),
    NONE,
  );

/**
 * Searches all output of the suite for every secret that it knew. A whole suite without any secret, or with a silent
 * channel, proves nothing and fails.
 */
export const canary = (directory: string, whole: boolean): Counts => {
  const { secrets, outputs, findings } = scanDirectory(directory);
  const sum = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);
  const silent = whole ? CHANNELS.filter((channel) => !outputs.has(channel)) : [];
  console.log(`\n## canary\n\n${sum(secrets)} secrets sought in ${sum(outputs)} outputs`);
  for (const [kind, count] of secrets) console.log(`  ${kind}: ${count}`);
  for (const { kind, channel, where, spelling } of findings)
    console.error(`leak: ${kind} in ${channel}, ${where} (${spelling})`);
  for (const channel of silent) console.error(`nothing was noted in channel ${channel}`);
  const failed = findings.length + silent.length + (whole && secrets.size === 0 ? 1 : 0);
  return { passed: failed === 0 ? 1 : 0, failed, skipped: 0 };
};

/**
 * A query that ran on the emulator but is not in the table would have no index in production. Seeing none at all proves
 * nothing and fails.
 */
export const queries = ({ known, unknownQueries }: StartedEmulators["queries"], some: boolean): Counts => {
  console.log(`\n## queries\n\n${known()} queries ran on Firestore's emulator that functions/domain/queries.ts holds`);
  for (const query of unknownQueries()) console.error(`not in the table: ${query}`);
  const failed = unknownQueries().length + (some && known() === 0 ? 1 : 0);
  return { passed: failed === 0 ? 1 : 0, failed, skipped: 0 };
};
