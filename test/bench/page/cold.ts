import type { Spread } from "../statistics.ts";
import { type Section, table } from "./section.ts";

/** What is compared with an empty function, at the first answer and at the real one. */
export const MEASURES = ["cpuMs", "firstAnswerMs", "peakBytes"] as const;
export const ANSWERS = ["first", "real"] as const;

export type Ratios = Readonly<Record<(typeof MEASURES)[number], Readonly<Record<(typeof ANSWERS)[number], Spread>>>>;

export interface ColdFacts {
  readonly rounds: number;
  readonly results: readonly { readonly function: string; readonly ratios: Ratios }[];
}

const cell = ({ median, least, most }: Spread): string =>
  `${median.toFixed(2)}${least === undefined || most === undefined ? "" : ` (${least.toFixed(2)} to ${most.toFixed(2)})`}`;

export const coldRow = ({ function: name, ratios }: ColdFacts["results"][number]): readonly string[] => [
  name,
  ...MEASURES.flatMap((measure) => ANSWERS.map((answer) => cell(ratios[measure][answer]))),
];

export const coldSection: Section = {
  title: "Cold starts",
  text: (json) => {
    const { rounds, results }: ColdFacts = JSON.parse(json);
    return `Ratios to an empty function, started the same way: of medians over ${rounds} interleaved rounds (in brackets the least and most of one round, where the run kept them),
without compile cache, the peers (Google's emulators, the stand-in for Secret Manager, the sandbox) warmed by another process.

- First answer: from the start of the process to an answer that needs no peer.
- Real answer: to the first that only the peers make possible (a 302 with a stored state, a list, a 202 with a stored message, a delivered mail, a checked
  server, a tick; of the callback the refusal of an unknown state), less the time in which it waited for them.
- Processor: the processor time of the main thread by then, which other work on the machine hardly changes. Clock: the time that passed.
- Memory: peak resident set by then.

${table(
  ["function", "processor, first", "processor, real", "clock, first", "clock, real", "memory, first", "memory, real"],
  results.map(coldRow),
)}`;
  },
};
