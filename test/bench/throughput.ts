/**
 * Measures how many mails of 10 kB a second Relais gets to Gmail, side by side with a loop over nodemailer's pool
 * (eight connections an account): same server, same tokens, Nagle off on every socket, in turns within one run. Times
 * depend on the machine; the ratios of one run do not.
 *
 * npm run bench -- throughput [full] [rounds]
 *
 * Without `full` it measures only what the targets are about. Writes `test/bench/THROUGHPUT.md` and `throughput.json`.
 */
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { Transport } from "../../functions/domain/transport.ts";
import { commit } from "./commit.ts";
import { type Distance, type Ground, startGround } from "./throughput/ground.ts";
import "./throughput/nagle-off.ts";
import { rawLoop, type Sender, throughRelais } from "./throughput/senders.ts";

const args = process.argv.slice(2);
const full = args.includes("full");
const rounds = Number(args.find((argument) => /^[1-9]\d*$/.test(argument)) ?? 2);
if (args.some((argument) => argument !== "full" && !/^[1-9]\d*$/.test(argument))) {
  console.error("Usage: npm run bench -- throughput [full] [rounds]");
  process.exit(2);
}

/** A process compiles its code as it runs, so the first mails of Relais take several times the CPU. */
const FIRST_WARM_MS = 8_000;
const WARM_MS = 1_500;
const WINDOW_MS = 3_000;

/** `waits`: each sender waits for the answer that says `sent`, as each of the loop's does. */
interface Setting {
  readonly transport: Transport;
  readonly accounts: number;
  readonly inFlight: number;
  readonly waits?: boolean;
}

interface Group extends Distance {
  readonly settings: readonly Setting[];
}

const smtp = (accounts: number, inFlight: number): Setting => ({ transport: "smtp", accounts, inFlight });
const ONE_WAITS: Setting = { ...smtp(1, 1), waits: true };
const API: Setting = { transport: "gmail_api", accounts: 1, inFlight: 50 };

const USUAL: readonly Group[] = [
  { roundTripMs: 40, lacking: [], settings: [smtp(1, 50), smtp(8, 50), ONE_WAITS, API] },
  { roundTripMs: 40, lacking: ["CHUNKING"], settings: [smtp(1, 50)] },
  { roundTripMs: 0, lacking: [], settings: [smtp(1, 50), smtp(8, 50), ONE_WAITS] },
];

const everySetting = (transports: readonly Transport[]): readonly Setting[] =>
  transports.flatMap((transport) =>
    [1, 8, 64].flatMap((accounts) =>
      [1, 10, 50, 200].map((inFlight) => ({ transport, accounts, inFlight, waits: inFlight === 1 })),
    ),
  );
const FULL: readonly Group[] = [
  ...[40, 0].map((roundTripMs) => ({ roundTripMs, lacking: [], settings: everySetting(["smtp", "gmail_api"]) })),
  { roundTripMs: 40, lacking: ["CHUNKING"], settings: everySetting(["smtp"]) },
];

interface Measured {
  readonly mailsPerS: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly cpuMs: number;
}

const quantile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
};
const median = (values: readonly number[]): number => (quantile(values, 0.5) + quantile(values, 0.4999)) / 2;

/** Keeps so many mails in flight, and counts what Gmail takes within a window after the start. */
const measure = async (sender: Sender, { accounts, inFlight }: Setting): Promise<Measured> => {
  const taken: { readonly atMs: number; readonly tookMs: number }[] = [];
  let next = 0;
  let running = true;
  const sendOn = async (): Promise<void> => {
    while (running) {
      const startedAtMs = Date.now();
      const atMs = await sender.send(next++ % accounts);
      taken.push({ atMs, tookMs: atMs - startedAtMs });
    }
  };
  const senders = Promise.all(Array.from({ length: inFlight }, sendOn));
  await delay(WARM_MS);
  const [fromMs, cpuBefore] = [Date.now(), await sender.cpuMs()];
  await delay(WINDOW_MS);
  const [toMs, cpuAfter] = [Date.now(), await sender.cpuMs()];
  running = false;
  await senders;
  sender.close();
  const inside = taken.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  const times = inside.map(({ tookMs }) => tookMs);
  return {
    mailsPerS: (inside.length * 1_000) / (toMs - fromMs),
    p50Ms: quantile(times, 0.5),
    p95Ms: quantile(times, 0.95),
    cpuMs: (cpuAfter - cpuBefore) / inside.length,
  };
};

interface Result extends Omit<Distance, "lacking">, Setting {
  readonly offered: string;
  readonly raw: readonly Measured[];
  readonly relais: readonly Measured[];
}

const compare = async (ground: Ground, setting: Setting): Promise<Pick<Result, "raw" | "relais">> => {
  const raw: Measured[] = [];
  const relais: Measured[] = [];
  for (let round = 0; round < rounds; round += 1) {
    raw.push(await measure(rawLoop(ground, setting.transport), setting));
    relais.push(await measure(throughRelais(ground, setting.transport, setting.waits === true), setting));
  }
  return { raw, relais };
};

const of = (runs: readonly Measured[], what: keyof Measured): number => median(runs.map((run) => run[what]));
const ratioOf = ({ raw, relais }: Result, what: keyof Measured): number =>
  median(relais.map((run, round) => run[what] / (raw[round]?.[what] ?? Number.NaN)));
const spreadOf = ({ raw, relais }: Result): string => {
  const ratios = relais.map((run, round) => run.mailsPerS / (raw[round]?.mailsPerS ?? Number.NaN));
  return `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
};

const rowOf = (result: Result): string => {
  const { transport, offered, roundTripMs, accounts, inFlight, waits = false, raw, relais } = result;
  const cells = [
    transport === "smtp" ? `smtp, ${offered}` : transport,
    `${roundTripMs} ms`,
    accounts,
    `${inFlight}${waits ? ", waiting" : ""}`,
    of(raw, "mailsPerS").toFixed(0),
    of(relais, "mailsPerS").toFixed(0),
    `**${ratioOf(result, "mailsPerS").toFixed(2)}** (${spreadOf(result)})`,
    `${of(raw, "p50Ms").toFixed(0)} / ${of(raw, "p95Ms").toFixed(0)}`,
    `${of(relais, "p50Ms").toFixed(0)} / ${of(relais, "p95Ms").toFixed(0)}`,
    `${of(raw, "cpuMs").toFixed(1)} / ${of(relais, "cpuMs").toFixed(1)}`,
    ratioOf(result, "cpuMs").toFixed(1),
  ];
  return `| ${cells.join(" | ")} |`;
};

const warmUp = async (ground: Ground, settings: readonly Setting[]): Promise<void> => {
  for (const transport of new Set(settings.map((setting) => setting.transport))) {
    const until = Date.now() + FIRST_WARM_MS;
    const sender = throughRelais(ground, transport, false);
    const sendOn = async (): Promise<void> => {
      while (Date.now() < until) await sender.send(0);
    };
    await Promise.all(Array.from({ length: 50 }, sendOn));
    sender.close();
  }
};

const results: Result[] = [];
for (const { settings, ...distance } of full ? FULL : USUAL) {
  const { roundTripMs, lacking } = distance;
  const ground = await startGround(distance, Math.max(...settings.map(({ accounts }) => accounts)));
  await warmUp(ground, settings);
  for (const setting of settings) {
    const offered = lacking.length === 0 ? "CHUNKING" : "PIPELINING";
    results.push({ roundTripMs, offered, ...setting, ...(await compare(ground, setting)) });
    console.log(results.slice(-1).map(rowOf).join(""));
  }
  await ground.close();
}

const page = `# Mails a second

Made by \`npm run bench -- throughput${full ? " full" : ""} ${rounds}\` at commit ${commit}, Node ${process.version}, ${availableParallelism()} cores: mails of 10 kB to the sandbox over TLS, from \`npm start\` on its embedded store
and from a loop over nodemailer's pool (eight connections an account; for \`gmail_api\` eight requests an account). Both sent in turns within the run, ${rounds} times each, ${WINDOW_MS / 1_000} s after ${WARM_MS / 1_000} s to warm up; the table shows medians.
Nagle's algorithm is off on every socket. Everything shares the machine's cores with the load and the sandbox, so only the ratios mean something.

In flight: handed over and not yet taken by Gmail. *Waiting*: each sender asks with \`Prefer: wait\` for the answer that says \`sent\`, as the loop's does. Time: from the POST (or \`sendMail\`) until Gmail has the mail, median / 95th percentile, in ms.
CPU: ms for each mail, of the loop with its server / of Relais alone.

| transport | round trip | accounts | in flight | loop, mails/s | Relais, mails/s | ratio (all rounds) | loop, time | Relais, time | CPU | CPU ratio |
|---|---|---|---|---|---|---|---|---|---|---|
${results.map(rowOf).join("\n")}
`;
writeFileSync(new URL("THROUGHPUT.md", import.meta.url), page);
const facts = { commit, node: process.version, cores: availableParallelism(), rounds, results };
writeFileSync(new URL("throughput.json", import.meta.url), `${JSON.stringify(facts, null, 2)}\n`);
console.log(page);
process.exit(0);
