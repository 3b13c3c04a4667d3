import type { Transport } from "../../../functions/domain/transport.ts";
import { median } from "../statistics.ts";
import { type Section, table } from "./section.ts";

export interface Measured {
  readonly mailsPerS: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly cpuMs: number;
}

/** `waits`: each sender waits for the answer that says `sent`, as each of the loop's does. */
export interface Setting {
  readonly transport: Transport;
  readonly accounts: number;
  readonly inFlight: number;
  readonly waits?: boolean;
  readonly roundTripMs: number;
  /** What the SMTP server offers beyond what each does. */
  readonly offered: string;
}

export interface Compared extends Setting {
  /** Of which code; a run may measure only some rows, and leaves the others as they were. */
  readonly commit: string;
  readonly raw: readonly Measured[];
  readonly relais: readonly Measured[];
}

export interface ThroughputFacts {
  readonly rounds: number;
  readonly windowMs: number;
  readonly warmMs: number;
  readonly results: readonly Compared[];
}

const of = (runs: readonly Measured[], what: keyof Measured): number => median(runs.map((run) => run[what]));
const ratiosOf = ({ raw, relais }: Compared, what: keyof Measured): readonly number[] =>
  relais.map((run, round) => run[what] / (raw[round]?.[what] ?? Number.NaN));

export const throughputRow = (result: Compared): readonly (string | number)[] => {
  const { transport, offered, roundTripMs, accounts, inFlight, waits = false, raw, relais, commit } = result;
  const ratios = ratiosOf(result, "mailsPerS");
  return [
    transport === "smtp" ? `smtp, ${offered}` : transport,
    `${roundTripMs} ms`,
    accounts,
    `${inFlight}${waits ? ", waiting" : ""}`,
    of(raw, "mailsPerS").toFixed(0),
    of(relais, "mailsPerS").toFixed(0),
    `**${median(ratios).toFixed(2)}** (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`,
    `${of(raw, "p50Ms").toFixed(0)} / ${of(raw, "p95Ms").toFixed(0)}`,
    `${of(relais, "p50Ms").toFixed(0)} / ${of(relais, "p95Ms").toFixed(0)}`,
    `${of(raw, "cpuMs").toFixed(1)} / ${of(relais, "cpuMs").toFixed(1)}`,
    median(ratiosOf(result, "cpuMs")).toFixed(1),
    commit,
  ];
};

const COLUMNS = [
  "transport",
  "round trip",
  "accounts",
  "in flight",
  "loop, mails/s",
  "Relais, mails/s",
  "ratio (all rounds)",
  "loop, time",
  "Relais, time",
  "CPU",
  "CPU ratio",
  "commit",
];

export const throughputSection: Section = {
  title: "Mails a second",
  text: (json) => {
    const { rounds, windowMs, warmMs, results }: ThroughputFacts = JSON.parse(json);
    return `Mails of 10 kB to the sandbox over TLS, from \`npm start\` on its embedded store
and from a loop over nodemailer's pool (eight connections an account; for \`gmail_api\` eight requests an account). Both sent in turns within the run, ${rounds} times each, ${windowMs / 1_000} s after ${warmMs / 1_000} s to warm up; the table shows medians.
Nagle's algorithm is off on every socket. Everything shares the machine's cores with the load and the sandbox, so only the ratios mean something. A run may measure only some of the rows, so each names its commit.

In flight: handed over and not yet taken by Gmail. *Waiting*: each sender asks with \`Prefer: wait\` for the answer that says \`sent\`, as the loop's does. Time: from the POST (or \`sendMail\`) until Gmail has the mail, median / 95th percentile, in ms.
CPU: ms for each mail, of the loop with its server / of Relais alone.

${table(COLUMNS, results.map(throughputRow))}`;
  },
};
