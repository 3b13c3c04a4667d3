import { median } from "../statistics.ts";
import { type Section, table } from "./section.ts";

export const WAYS = {
  json: "JSON, composed by Relais",
  raw: "`message/rfc822`",
  "raw in json": "`raw` in JSON",
  door: "SMTP door",
} as const;
export type Way = keyof typeof WAYS;
export const wayNames = Object.keys(WAYS) as Way[];

export interface WayRun {
  readonly mailsPerS: number;
  /** Of Relais, and of the door if it is on the way. */
  readonly cpuMs: number;
  readonly doorCpuMs: number;
}

export interface RawResult {
  readonly size: string;
  readonly runs: Readonly<Record<Way, readonly WayRun[]>>;
}

export interface RawFacts {
  readonly rounds: number;
  readonly inFlight: number;
  readonly results: readonly RawResult[];
}

/** Of each round, so that what else the machine does falls on both. */
const ratioOf = ({ runs }: RawResult, ways: readonly [Way, Way], what: keyof WayRun): number => {
  const [way, to] = ways;
  return median(runs[way].map((one, round) => one[what] / (runs[to][round]?.[what] ?? Number.NaN)));
};

export const rawRows = (result: RawResult): readonly (readonly string[])[] =>
  wayNames.map((way) => {
    const of = (what: keyof WayRun): number => median(result.runs[way].map((one) => one[what]));
    return [
      result.size,
      WAYS[way],
      of("mailsPerS").toFixed(0),
      `**${ratioOf(result, [way, "json"], "mailsPerS").toFixed(2)}**`,
      `${of("cpuMs").toFixed(1)}${way === "door" ? ` (${of("doorCpuMs").toFixed(1)} of them the door's)` : ""}`,
      `**${ratioOf(result, [way, "json"], "cpuMs").toFixed(2)}**`,
      ratioOf(result, [way, "raw"], "cpuMs").toFixed(2),
    ];
  });

export const rawSection: Section = {
  title: "What composed mail costs",
  text: (json) => {
    const { rounds, inFlight, results }: RawFacts = JSON.parse(json);
    return `The same mail in JSON, as bytes that its program has composed, as the same bytes in base64 within JSON, and through the SMTP door over connections that stay open.
${inFlight} are under way at a time, from the request until the sandbox's Gmail has the mail; \`npm start\` on its embedded store, \`smtp\` over TLS. The ways take turns, ${rounds} times each; the table shows medians, ratios by round. Everything shares the machine's cores with the load and the sandbox, so only the ratios mean something.

CPU: ms for each mail, of Relais and the door together.

${table(["mail", "way", "mails/s", "to JSON", "CPU", "CPU to JSON", "CPU to `message/rfc822`"], results.flatMap(rawRows))}`;
  },
};
