/**
 * `npm run soak`: the long versions of what `npm test` does in short. `npm run soak -- crash ledger=50` runs only these
 * sections, with that many messages or rounds instead of the usual number. Each section writes its part of
 * `test/bench/SOAK.md`. It fails if anything is wrong.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { commit } from "./commit.ts";
import { bodies } from "./soak/bodies.ts";
import { consoleByEveryReader } from "./soak/console.ts";
import { crash } from "./soak/crash.ts";
import { deploy } from "./soak/deploy.ts";
import { documents } from "./soak/documents.ts";
import { door } from "./soak/door.ts";
import { due } from "./soak/due.ts";
import { faults } from "./soak/faults.ts";
import { inputs } from "./soak/inputs.ts";
import { ledger } from "./soak/ledger.ts";
import { moving } from "./soak/moving.ts";
import { withSection } from "./soak/page.ts";
import { releases } from "./soak/releases.ts";
import { restore } from "./soak/restore.ts";
import { samples } from "./soak/samples.ts";
import type { Section } from "./soak/section.ts";
import { tokens } from "./soak/tokens.ts";

const SECTIONS: Readonly<Record<string, Section>> = {
  crash,
  releases,
  restore,
  faults,
  ledger,
  tokens,
  moving,
  inputs,
  bodies,
  door,
  due,
  documents,
  console: consoleByEveryReader,
  deploy,
  samples,
};
const page = new URL("SOAK.md", import.meta.url);

const usage = (): never => {
  console.error("Usage: npm run soak -- [section[=size] …], all sections where none is named:");
  for (const [name, { title, size }] of Object.entries(SECTIONS))
    console.error(`  ${name}  ${title} (${size.of}: ${size.usual})`);
  return process.exit(2);
};

const runOne = async (name: string, size: number): Promise<readonly string[]> => {
  const section = SECTIONS[name] ?? usage();
  console.log(`\n## ${section.title}\n`);
  const startedAtMs = performance.now();
  // A section that throws must not prevent the others.
  const { text, faults: found } = await section.run(size).catch((error: unknown) => {
    console.error(error);
    const why = `It broke off: ${String(error).split("\n")[0]}`;
    return { text: why, faults: [why] };
  });
  const minutes = ((performance.now() - startedAtMs) / 60_000).toFixed(1);
  const how = `\`npm run soak -- ${name}=${size}\` at commit ${commit}, Node ${process.version}, ${availableParallelism()} cores, ${minutes} minutes.`;
  const verdict =
    found.length === 0 ? "Everything was as it should be." : `${found.length} things were not as they should be.`;
  console.log(text);
  for (const fault of found) console.error(`not as it should be: ${fault}`);
  const before = existsSync(page) ? readFileSync(page, "utf8") : "";
  const titles = Object.values(SECTIONS).map(({ title }) => title);
  writeFileSync(page, withSection(before, { title: section.title, text: `${how} ${verdict}\n\n${text}` }, titles));
  return found;
};

const wanted = process.argv.slice(2).map((argument) => {
  const [, name = "", given] = /^([a-z]+)(?:=([1-9]\d*))?$/.exec(argument) ?? [];
  const section = SECTIONS[name] ?? usage();
  return { name, size: given === undefined ? section.size.usual : Number(given) };
});
const all = Object.entries(SECTIONS).map(([name, { size }]) => ({ name, size: size.usual }));

const found: string[] = [];
for (const { name, size } of wanted.length === 0 ? all : wanted) found.push(...(await runOne(name, size)));
console.log(
  found.length === 0 ? "\nEverything is as it should be." : `\n${found.length} things are not as they should be.`,
);
process.exit(found.length === 0 ? 0 : 1);
