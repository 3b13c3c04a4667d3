/**
 * Measures how many mails of 10 kB a second Relais gets to Gmail, side by side with a loop over nodemailer's pool
 * (eight connections an account): same server, same tokens, Nagle off on every socket, in turns within one run. Times
 * depend on the machine; the ratios of one run do not.
 *
 * npm run bench -- throughput [full] [rounds] [row …] [profile=<folder>]
 *
 * Without `full` it measures only what the targets are about, in about five minutes with 2 rounds. A row is named by
 * its way, round trip, accounts and mails in flight, or by how that name begins: `chunking/40/8x50`, `pipelining/40`,
 * `gmail_api`. Rows that are not measured stay as they were. `profile` writes a CPU profile of Relais for each start.
 */
import { setTimeout as delay } from "node:timers/promises";
import { commit } from "./commit.ts";
import { readFacts } from "./page/results-page.ts";
import { type Compared, type Measured, type Setting, type ThroughputFacts, throughputRow } from "./page/throughput.ts";
import { record } from "./record.ts";
import { quantile } from "./statistics.ts";
import { type Ground, startGround } from "./throughput/ground.ts";
import "./throughput/nagle-off.ts";
import { rawLoop, type Sender, throughRelais } from "./throughput/senders.ts";
import { chosenSettings, groupsOf, merged } from "./throughput/settings.ts";

const args = process.argv.slice(2);
const full = args.includes("full");
const profileDir = args.find((argument) => argument.startsWith("profile="))?.slice("profile=".length);
const rounds = Number(args.find((argument) => /^[1-9]\d*$/.test(argument)) ?? 3);
const named = args.filter((argument) => /^[a-z]+(_api)?(\/|$)/.test(argument) && argument !== "full");
const settings = chosenSettings(named, full);
if (
  settings.length === 0 ||
  args.some((argument) => !/^(full|[1-9]\d*|profile=.+|[a-z]+(_api)?(\/.*)?)$/.test(argument))
) {
  console.error("Usage: npm run bench -- throughput [full] [rounds] [row …] [profile=<folder>]");
  process.exit(2);
}

/** A process compiles its code as it runs, so the first mails of Relais take several times the CPU. */
const FIRST_WARM_MS = 7_000;
const WARM_MS = 1_000;
/** Sessions begin together and are renewed together, after 8 to 9 s; a window that is much shorter measures luck. */
const WINDOW_MS = 6_000;

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

const compare = async (ground: Ground, setting: Setting): Promise<Compared> => {
  const raw: Measured[] = [];
  const relais: Measured[] = [];
  for (let round = 0; round < rounds; round += 1) {
    raw.push(await measure(rawLoop(ground, setting.transport), setting));
    relais.push(await measure(throughRelais(ground, setting.transport, setting.waits === true), setting));
  }
  return { ...setting, commit, raw, relais };
};

const warmUp = async (ground: Ground, group: readonly Setting[]): Promise<void> => {
  for (const transport of new Set(group.map(({ transport }) => transport))) {
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
for (const { settings: group, ...distance } of groupsOf(settings)) {
  const ground = await startGround(distance, Math.max(...group.map(({ accounts }) => accounts)), profileDir);
  await warmUp(ground, group);
  for (const setting of group) {
    const result = await compare(ground, setting);
    results.push(result);
    console.log(throughputRow(result).join(" | "));
  }
  await ground.close();
}

const kept = readFacts("throughput");
const earlier: ThroughputFacts["results"] = kept === undefined ? [] : JSON.parse(kept).results;
const how = [...(full ? ["full"] : []), rounds, ...named];
record("throughput", how, { rounds, windowMs: WINDOW_MS, warmMs: WARM_MS, results: merged(earlier, results) });
process.exit(0);
