/**
 * Measures how many mails of 10 kB a second Relais gets to Gmail, side by side with a loop over nodemailer's pool
 * (eight connections an account): same server, same tokens, Nagle off on every socket, in turns within one run. Times
 * depend on the machine; the ratios of one run do not.
 *
 * npm run bench -- throughput [full] [rounds]
 *
 * Without `full` it measures only what the targets are about.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Transport } from "../../functions/domain/transport.ts";
import { type Compared, type Measured, type Setting, throughputRow } from "./page/throughput.ts";
import { record } from "./record.ts";
import { quantile } from "./statistics.ts";
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

const compare = async (ground: Ground, setting: Setting): Promise<Pick<Compared, "raw" | "relais">> => {
  const raw: Measured[] = [];
  const relais: Measured[] = [];
  for (let round = 0; round < rounds; round += 1) {
    raw.push(await measure(rawLoop(ground, setting.transport), setting));
    relais.push(await measure(throughRelais(ground, setting.transport, setting.waits === true), setting));
  }
  return { raw, relais };
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

const results: Compared[] = [];
for (const { settings, ...distance } of full ? FULL : USUAL) {
  const { roundTripMs, lacking } = distance;
  const ground = await startGround(distance, Math.max(...settings.map(({ accounts }) => accounts)));
  await warmUp(ground, settings);
  for (const setting of settings) {
    const offered = lacking.length === 0 ? "CHUNKING" : "PIPELINING";
    results.push({ roundTripMs, offered, ...setting, ...(await compare(ground, setting)) });
    for (const result of results.slice(-1)) console.log(throughputRow(result).join(" | "));
  }
  await ground.close();
}

record("throughput", [...(full ? ["full"] : []), rounds], {
  rounds,
  windowMs: WINDOW_MS,
  warmMs: WARM_MS,
  results,
});
process.exit(0);
