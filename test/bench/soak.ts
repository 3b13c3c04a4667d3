/**
 * `npm run soak [rounds] [messages]`: the long versions of what `npm test` does in short. Kills the built delivery at every point, so many times each (7: over
 * 300 messages), sends so many messages (1,000) under random faults, and lets 5 processes claim 300 messages of each of 10 servers at 5 a minute. Writes `test/bench/SOAK.md`; fails if any message ended as it should not.
 */
import { writeFileSync } from "node:fs";
import { crashEverywhere, tableOf } from "../integration/crash/crash.ts";
import { World } from "../integration/crash/world.ts";
import { faultsOf, runLedgers } from "../integration/delivery/ledger-run.ts";
import { sendUnderRandomFaults, wrongOf } from "../integration/delivery/random-faults.ts";

const [rounds = 7, messages = 1_000] = process.argv.slice(2).map(Number);

const world = await World.make();
const smtp = { servers: await world.seed("smtp", 60), searchable: true, rounds };
const api = { servers: await world.seed("gmail_api", 30), searchable: false, rounds };
const rows = await crashEverywhere(world, [smtp, api]);
await world.close();
const crashes = tableOf(rows);
console.log(crashes);

const seed = Math.floor(Math.random() * 2 ** 31);
console.log(`seed ${seed}`);
const outcomes = await sendUnderRandomFaults(messages, seed);
const cells = new Map<string, number>();
const wrong = wrongOf(outcomes);
for (const outcome of outcomes) {
  const cell = `| ${outcome.name} | ${outcome.status} | ${outcome.copies} | ${wrong.includes(outcome) ? "WRONG" : ""} |`;
  cells.set(cell, (cells.get(cell) ?? 0) + 1);
}
const faults = [...cells].sort().map(([cell, times]) => `${cell} ${times} |`);

const run = { servers: 10, processes: 5, messages: 300, perMinute: 5, minuteMs: 3_000, slackMinutes: 1 };
const { claimedAtMs } = await runLedgers(run);
const ledgers = claimedAtMs.map((times) => faultsOf(times, run));
const ledgerRows = ledgers.map((found, n) => `| ${n} | ${found.length === 0 ? "kept" : found.join("; ")} |`);

const page = `# Soak

Made by \`npm run soak\`, Node ${process.version}, on the embedded store.

## Killed at every point, every event delivered twice

${rows.length} messages. Rows with \`store\` and \`google\` alone are of the Gmail API under \`gmail.send\`, where nobody may search the sent mail.

${crashes}

## Random faults at the first try

${outcomes.length} messages, seed ${seed}.

| fault | outcome | copies in the mailbox | | times |
|---|---|---|---|---|
${faults.join("\n")}

## Limits

${run.servers} servers of ${run.messages} messages at ${run.perMinute} a minute, ${run.processes} processes: no rolling minute above the limit, oldest first, the last within
one tick of the earliest time that the limits allow.

| server | |
|---|---|
${ledgerRows.join("\n")}
`;
writeFileSync(new URL("SOAK.md", import.meta.url), page);
console.log(page.slice(page.indexOf("## Random")));
const failures = wrong.length + ledgers.flat().length + rows.filter(({ asItShould }) => !asItShould).length;
console.log(failures === 0 ? "Everything is as it should be." : `${failures} things are not as they should be.`);
process.exit(failures === 0 ? 0 : 1);
