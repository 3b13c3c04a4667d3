// `npm run simulate -- --seed 1 --servers 1000 --days 30` lives through a month of an installation in minutes and says
// which promise was broken, if any. `-- seeds` does so for many seeds (`--count`, from `--first` on), `-- mutants` for
// a list of planted faults (`--some` limits it to those whose name holds this); both write their rows of
// test/bench/SIMULATION.md, and leave the others.
// A large fleet is divided into organisations of `--together` servers, and `--workers` of them are simulated at once.
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { lanes } from "./lanes.ts";
import type { Said } from "./one-process.ts";
import { replayOf, type SaidTogether, simulateOrganisations } from "./organisations.ts";
import { forbidRealTime } from "./real-time.ts";
import { World } from "./world.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: "string", default: "1" },
    servers: { type: "string", default: "1000" },
    days: { type: "string", default: "30" },
    mails: { type: "string", default: "30" },
    together: { type: "string", default: "100" },
    workers: { type: "string", default: String(availableParallelism()) },
    first: { type: "string", default: "1" },
    count: { type: "string", default: "20" },
    some: { type: "string", default: "" },
    json: { type: "boolean", default: false },
  },
});

const table = (rows: Readonly<Record<string, number>>): string =>
  Object.entries(rows)
    .map(([name, count]) => `  ${name.padEnd(30)} ${count}`)
    .join("\n");

const lineOf = ({ cpuS, peakMb, counts, digest }: Said): string => {
  const { accepted = 0 } = counts;
  const rate = `${cpuS.toFixed(0)} s of CPU, ${(accepted / cpuS).toFixed(0)} mails a CPU second`;
  return `${accepted} mails, ${rate}, ${peakMb.toFixed(0)} MB, digest ${digest}`;
};

const report = ({ parts, ...said }: SaidTogether): string =>
  [
    `seed ${values.seed}, ${values.servers} servers, ${said.days.toFixed(1)} days, ${lineOf(said)}`,
    ...(parts.length === 1 ? [] : parts.map((part) => `  ${part.replay}: ${lineOf(part)}`)),
    table(said.counts),
    "logged",
    table(said.logged),
    said.broken === null ? "No promise was broken." : "",
    ...parts.map(({ broken, days, replay }) =>
      broken === null ? "" : `Broken on day ${days.toFixed(2)} (${replay}): ${broken.message}`,
    ),
  ]
    .filter((line) => line !== "")
    .join("\n");

const size = {
  servers: Number(values.servers),
  days: Number(values.days),
  mails: Number(values.mails),
  together: Number(values.together),
};
const seed = Number(values.seed);

const simulateHere = async (): Promise<Said> => {
  const { servers, days, mails: mailsPerDay } = size;
  forbidRealTime();
  const { broken, ...outcome } = await new World({ seed, servers, days, mailsPerDay }).run();
  const { user, system } = process.cpuUsage();
  const said = broken === null ? null : { promised: broken.promised, message: broken.message };
  return { ...outcome, cpuS: (user + system) / 1e6, peakMb: process.resourceUsage().maxRSS / 1024, broken: said };
};

const simulate = async (): Promise<void> => {
  const isOne = size.servers <= size.together;
  const several = isOne ? null : await simulateOrganisations(seed, size, lanes(Number(values.workers)));
  const said = several ?? (await simulateHere());
  const parts = several?.parts ?? [{ ...said, replay: replayOf({ seed, servers: size.servers }, size) }];
  console.log(values.json ? JSON.stringify(said) : report({ ...said, parts }));
  process.exitCode = said.broken === null ? 0 : 1;
};

const [mode] = positionals;
if (mode === "mutants") {
  const { findMutants } = await import("./mutants.ts");
  const { recordMutant } = await import("./record.ts");
  await findMutants(values.some, lanes(Number(values.workers)), recordMutant);
} else if (mode === "seeds") {
  const { recordSeeds } = await import("./record.ts");
  const seeds = { first: Number(values.first), count: Number(values.count) };
  await recordSeeds(seeds, size, lanes(Number(values.workers)));
} else await simulate();
