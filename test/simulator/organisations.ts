import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Lanes } from "./lanes.ts";
import { type Said, simulateIn } from "./one-process.ts";

const root = join(import.meta.dirname, "../..");

export interface Size {
  readonly servers: number;
  readonly days: number;
  /** Mails that each server is given a day, on average. */
  readonly mails: number;
  /** So many servers, at most, share one installation. */
  readonly together: number;
}

const SEEDS_APART = 1_000_003;

/** One organisation of a run: an installation with its own store, people, Google and weather. */
export interface Organisation {
  readonly seed: number;
  readonly servers: number;
}

/** Divides a run's servers. It depends on nothing but the run's seed and size, so that seeds repeat on any machine. */
export const organisationsOf = (
  seed: number,
  { servers, together }: Pick<Size, "servers" | "together">,
): readonly Organisation[] => {
  const count = Math.max(1, Math.ceil(servers / together));
  return Array.from({ length: count }, (_, at) => ({
    seed: seed + at * SEEDS_APART,
    servers: Math.floor(servers / count) + (at < servers % count ? 1 : 0),
  }));
};

/** The command that lives through one organisation alone. */
export const replayOf = ({ seed, servers }: Organisation, { days, mails }: Pick<Size, "days" | "mails">): string =>
  `npm run simulate -- --seed ${seed} --servers ${servers} --days ${days} --mails ${mails} --together ${servers}`;

const addUp = (all: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> => {
  const sums = new Map<string, number>();
  for (const [name, count] of all.flatMap((one) => Object.entries(one))) sums.set(name, (sums.get(name) ?? 0) + count);
  return Object.fromEntries(sums);
};

const digestOf = (digests: readonly string[]): string =>
  digests.length === 1
    ? digests.join()
    : createHash("sha256").update(digests.join()).digest("hex").slice(0, "ffffffff".length);

/** A run of several organisations. */
export interface SaidTogether extends Said {
  /** What each of them said, with the command that replays it alone. */
  readonly parts: readonly (Said & { readonly replay: string })[];
}

/**
 * Lives through a run's organisations, each in a process of its own, as many at once as there are lanes. Neither the
 * number of lanes nor the order in which they end changes what is said, apart from CPU time and memory.
 */
export const simulateOrganisations = async (seed: number, size: Size, lane: Lanes): Promise<SaidTogether> => {
  const parts = await Promise.all(
    organisationsOf(seed, size).map((one) =>
      lane(async () => {
        const { days, mails } = size;
        const given = { ...one, days, mails, together: one.servers };
        const args = Object.entries(given).flatMap(([name, value]) => [`--${name}`, String(value)]);
        return { ...(await simulateIn(root, ...args)), replay: replayOf(one, size) };
      }),
    ),
  );
  return {
    days: Math.max(...parts.map(({ days }) => days)),
    digest: digestOf(parts.map(({ digest }) => digest)),
    cpuS: parts.reduce((sum, { cpuS }) => sum + cpuS, 0),
    peakMb: Math.max(...parts.map(({ peakMb }) => peakMb)),
    counts: addUp(parts.map(({ counts }) => counts)),
    logged: addUp(parts.map(({ logged }) => logged)),
    broken: parts.find(({ broken }) => broken !== null)?.broken ?? null,
    parts,
  };
};
