// `npm run simulate -- --seed 1 --servers 1000 --days 30` lives through a month of an installation in minutes and says
// which promise was broken, if any. `-- seeds` does so for many seeds (`--count`), `-- mutants` for a list of planted
// faults (`--some` limits it to those whose name holds this); both write their section of test/bench/SIMULATION.md.
import { parseArgs } from "node:util";
import { findMutants, MUTANT_WORLD } from "./mutants.ts";
import { forbidRealTime } from "./real-time.ts";
import { type Outcome, World } from "./world.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: "string", default: "1" },
    servers: { type: "string", default: "1000" },
    days: { type: "string", default: "30" },
    mails: { type: "string", default: "35" },
    count: { type: "string", default: "20" },
    some: { type: "string", default: "" },
    json: { type: "boolean", default: false },
  },
});

const table = (rows: Readonly<Record<string, number>>): string =>
  Object.entries(rows)
    .map(([name, count]) => `  ${name.padEnd(30)} ${count}`)
    .join("\n");

const report = ({ plan, broken, digest, days, counts, logged }: Outcome): string =>
  [
    `seed ${plan.seed}, ${plan.servers} servers, ${days.toFixed(1)} days, digest ${digest}`,
    table(counts),
    "logged",
    table(logged),
    broken === null ? "No promise was broken." : `Broken on day ${days.toFixed(2)}: ${broken.message}`,
  ].join("\n");

const simulate = async (): Promise<void> => {
  const plan = {
    seed: Number(values.seed),
    servers: Number(values.servers),
    days: Number(values.days),
    mailsPerDay: Number(values.mails),
  };
  forbidRealTime();
  const outcome = await new World(plan).run();
  const { broken } = outcome;
  const said = broken === null ? null : { promised: broken.promised, message: broken.message };
  const { user, system } = process.cpuUsage();
  const cpuS = (user + system) / 1e6;
  console.log(values.json ? JSON.stringify({ ...outcome, cpuS, broken: said }) : report(outcome));
  process.exitCode = broken === null ? 0 : 1;
};

const [mode] = positionals;
if (mode === "mutants") {
  const found = await findMutants(values.some);
  const { recordMutants } = await import("./record.ts");
  if (values.some === "") recordMutants(found, `${MUTANT_WORLD.servers} servers, ${MUTANT_WORLD.days} days`);
} else if (mode === "seeds") {
  const { recordSeeds } = await import("./record.ts");
  await recordSeeds(Number(values.count), values);
} else await simulate();
