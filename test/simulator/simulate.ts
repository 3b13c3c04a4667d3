// `npm run simulate -- --seed 1 --servers 1000 --days 30` lives through a month of an installation in minutes and says
// which promise was broken, if any. `-- seeds` does so for many seeds (`--count`), `-- mutants` for a list of planted
// faults (`--some` limits it to those whose name holds this); both write their section of test/bench/SIMULATION.md.
// A large fleet is lived through in two processes, unless `--parts 1` says otherwise.
import { parseArgs } from "node:util";
import { findMutants, MUTANT_WORLD, type Said } from "./mutants.ts";
import { simulateParts, usualParts } from "./parts.ts";
import { forbidRealTime } from "./real-time.ts";
import { World } from "./world.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: "string", default: "1" },
    servers: { type: "string", default: "1000" },
    days: { type: "string", default: "30" },
    mails: { type: "string", default: "35" },
    parts: { type: "string" },
    count: { type: "string", default: "20" },
    some: { type: "string", default: "" },
    json: { type: "boolean", default: false },
  },
});

const table = (rows: Readonly<Record<string, number>>): string =>
  Object.entries(rows)
    .map(([name, count]) => `  ${name.padEnd(30)} ${count}`)
    .join("\n");

const report = (said: Said): string =>
  [
    `seed ${values.seed}, ${values.servers} servers, ${said.days.toFixed(1)} days, ${said.cpuS.toFixed(0)} s of CPU, digest ${said.digest}`,
    table(said.counts),
    "logged",
    table(said.logged),
    said.broken === null ? "No promise was broken." : `Broken on day ${said.days.toFixed(2)}: ${said.broken.message}`,
  ].join("\n");

const plan = {
  seed: Number(values.seed),
  servers: Number(values.servers),
  days: Number(values.days),
  mails: Number(values.mails),
};

const simulateHere = async (): Promise<Said> => {
  forbidRealTime();
  const { broken, ...outcome } = await new World({ ...plan, mailsPerDay: plan.mails }).run();
  const said = broken === null ? null : { promised: broken.promised, message: broken.message };
  const { user, system } = process.cpuUsage();
  return { ...outcome, cpuS: (user + system) / 1e6, broken: said };
};

const simulate = async (): Promise<void> => {
  const parts = values.parts === undefined ? usualParts(plan.servers) : Number(values.parts);
  const said = await (parts > 1 ? simulateParts(plan, parts) : simulateHere());
  console.log(values.json ? JSON.stringify(said) : report(said));
  process.exitCode = said.broken === null ? 0 : 1;
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
