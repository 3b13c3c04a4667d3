import type { Compared, Setting } from "../page/throughput.ts";
import type { Distance } from "./ground.ts";

const setting = (
  way: "chunking" | "pipelining" | "gmail_api",
  roundTripMs: number,
  [accounts, inFlight]: number[],
): Setting => ({
  transport: way === "gmail_api" ? "gmail_api" : "smtp",
  roundTripMs,
  offered: way === "pipelining" ? "PIPELINING" : "CHUNKING",
  accounts: accounts ?? 1,
  inFlight: inFlight ?? 1,
  waits: inFlight === 1,
});

/** How a setting is called on the command line: `chunking/40/8x50` is 40 ms, 8 accounts, 50 mails in flight. */
const nameOf = ({ transport, offered, roundTripMs, accounts, inFlight }: Setting): string =>
  `${transport === "smtp" ? offered.toLowerCase() : transport}/${roundTripMs}/${accounts}x${inFlight}`;

const ONE_WAITS = [1, 1];

/** What the targets are about. */
const USUAL: readonly Setting[] = [
  setting("chunking", 40, [1, 50]),
  setting("chunking", 40, [8, 50]),
  setting("chunking", 40, ONE_WAITS),
  setting("gmail_api", 40, [1, 50]),
  setting("pipelining", 40, [1, 50]),
  setting("chunking", 0, [1, 50]),
  setting("chunking", 0, [8, 50]),
  setting("chunking", 0, ONE_WAITS),
];

const EVERY_LOAD = [1, 8, 64].flatMap((accounts) => [1, 10, 50, 200].map((inFlight) => [accounts, inFlight]));
const FULL: readonly Setting[] = [
  ...[40, 0].flatMap((ms) => [
    ...EVERY_LOAD.map((load) => setting("chunking", ms, load)),
    ...EVERY_LOAD.map((load) => setting("gmail_api", ms, load)),
  ]),
  ...EVERY_LOAD.map((load) => setting("pipelining", 40, load)),
];

/** The settings of these names, or whose names begin like this; those of the targets, or all, if nothing is named. */
export const chosenSettings = (named: readonly string[], full: boolean): readonly Setting[] => {
  if (named.length === 0) return full ? FULL : USUAL;
  const names = FULL.map(nameOf);
  const fits = (name: string, wanted: string): boolean =>
    names.includes(wanted) ? name === wanted : name.startsWith(wanted);
  return FULL.filter((one) => named.some((wanted) => fits(nameOf(one), wanted)));
};

/** The order of the page: the usual settings first. */
const ORDER: readonly string[] = [...new Set([...USUAL, ...FULL].map(nameOf))];

export interface Group extends Distance {
  readonly settings: readonly Setting[];
}

/** Settings that share their distance share the processes of the rig too. */
export const groupsOf = (settings: readonly Setting[]): readonly Group[] => {
  const groups = Map.groupBy(settings, ({ roundTripMs, offered }) => `${roundTripMs} ${offered}`);
  return [...groups.values()].map((group) => ({
    roundTripMs: group[0]?.roundTripMs ?? 0,
    lacking: group[0]?.offered === "PIPELINING" ? ["CHUNKING"] : [],
    settings: group,
  }));
};

/** The results of earlier runs with those of this one in their place, in the order of the page. */
export const merged = (earlier: readonly Compared[], latest: readonly Compared[]): readonly Compared[] => {
  const byName = new Map([...earlier, ...latest].map((result) => [nameOf(result), result]));
  return [...byName].toSorted(([a], [b]) => ORDER.indexOf(a) - ORDER.indexOf(b)).map(([, result]) => result);
};
