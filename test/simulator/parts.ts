import { join } from "node:path";
import { type Said, simulateIn } from "./mutants.ts";

const root = join(import.meta.dirname, "../..");

/** From so many servers on, a fleet is lived through in two parts. It depends on nothing else, so that seeds repeat. */
const LARGE_FLEET = 500;
const SEEDS_APART = 1_000_003;

export const usualParts = (servers: number): number => (servers >= LARGE_FLEET ? 2 : 1);

interface Fleet {
  readonly seed: number;
  readonly servers: number;
  readonly days: number;
  readonly mails: number;
}

const addUp = (all: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> => {
  const sums = new Map<string, number>();
  for (const [name, count] of all.flatMap((one) => Object.entries(one))) sums.set(name, (sums.get(name) ?? 0) + count);
  return Object.fromEntries(sums);
};

/**
 * Lives through a large fleet in several processes at once. Each part is an installation of its own, with its own
 * store, people, Google and weather: servers share little else, and each promise is one to a server or a message.
 */
export const simulateParts = async (fleet: Fleet, parts: number): Promise<Said> => {
  const { seed, servers, days, mails } = fleet;
  const said = await Promise.all(
    Array.from({ length: parts }, (_, part) => {
      const share = Math.floor(servers / parts) + (part < servers % parts ? 1 : 0);
      const given = { seed: seed + part * SEEDS_APART, servers: share, days, mails, parts: 1 };
      return simulateIn(root, ...Object.entries(given).flatMap(([name, value]) => [`--${name}`, String(value)]));
    }),
  );
  return {
    days: Math.max(...said.map((one) => one.days)),
    digest: said.map(({ digest }) => digest).join("+"),
    cpuS: said.reduce((sum, { cpuS }) => sum + cpuS, 0),
    counts: addUp(said.map(({ counts }) => counts)),
    logged: addUp(said.map(({ logged }) => logged)),
    broken: said.find(({ broken }) => broken !== null)?.broken ?? null,
  };
};
