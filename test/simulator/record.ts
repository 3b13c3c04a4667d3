import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { SECOND } from "../../functions/domain/clock.ts";
import { commit } from "../bench/commit.ts";
import { FOUND } from "./found-faults.ts";
import type { Lanes } from "./lanes.ts";
import { type Found, MUTANT_WORLD } from "./mutants.ts";
import { organisationsOf, type SaidTogether, type Size, simulateOrganisations } from "./organisations.ts";
import { MUTANTS } from "./planted-faults.ts";

const root = join(import.meta.dirname, "../..");
const PAGE = join(root, "test/bench/SIMULATION.md");
const HEAD =
  "# Simulated months\n\nMade by `npm run simulate -- seeds` and `-- mutants`, each of which rewrites its section.\n";

const row = (...cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;

const FAULTS = {
  title: "Faults that it found",
  text: [
    "Each became a test, so that it is found without its seed.",
    "",
    row("fault", "replay", "test"),
    row("---", "---", "---"),
    ...FOUND.map(({ fault, replay, test }) => row(fault, `\`${replay}\``, `[${test}](../../${test})`)),
  ].join("\n"),
};

const readPage = (): string => {
  try {
    return readFileSync(PAGE, "utf8");
  } catch {
    return HEAD;
  }
};

/** Replaces a section of the page by its latest run. */
const writeSection = (title: string, text: string): void => {
  const written = new Map([[FAULTS.title, FAULTS.text]]).set(title, text);
  const isOther = (part: string) =>
    part.startsWith("## ") && ![...written.keys()].some((one) => part.startsWith(`## ${one}\n`));
  const others = readPage()
    .split(/^(?=## )/m)
    .filter(isOther);
  const sections = [...others, ...[...written].map(([one, its]) => `## ${one}\n\n${its}\n`)];
  writeFileSync(PAGE, `${[HEAD.trim(), ...sections.map((section) => section.trim()).sort()].join("\n\n")}\n`);
};

const NOT_FOUND = "not found";

/** Replaces the row of one planted fault; the others keep those of their last runs. */
export const recordMutant = ({ name, seed, days, promised }: Found): void => {
  const latest = row(name, days === null ? NOT_FOUND : days.toFixed(2), seed, promised, commit);
  const page = readPage().split("\n");
  const rows = MUTANTS.flatMap((mutant) =>
    mutant.name === name ? [latest] : page.filter((line) => line.startsWith(`| ${mutant.name} |`)).slice(0, 1),
  );
  const found = rows.filter((line) => !line.includes(`| ${NOT_FOUND} |`)).length;
  const { servers, days: lived } = MUTANT_WORLD;
  writeSection(
    "Planted faults",
    [
      `${servers} servers, ${lived} days: ${found} of ${MUTANTS.length} were found.`,
      "",
      row("fault", "found on day", "of seed", "by the promise", "commit"),
      row("---", "---", "---", "---", "---"),
      ...rows,
    ].join("\n"),
  );
};

const brokenIn = ({ parts }: SaidTogether): string =>
  parts.flatMap(({ broken, replay }) => (broken === null ? [] : [`${broken.message} (\`${replay}\`)`])).join("; ");

const rowOf = (seed: number, said: SaidTogether): string => {
  const { accepted = 0, taken = 0, doubted = 0, deaths = 0, foretold = 0 } = said.counts;
  return row(
    ...[seed, accepted, taken, doubted, deaths, foretold, said.digest],
    ...[said.cpuS.toFixed(0), (accepted / said.cpuS).toFixed(0), said.peakMb.toFixed(0), brokenIn(said)],
  );
};

const sizeOf = ({ servers, days, together }: Size): string => {
  const many = organisationsOf(1, { servers, together }).length;
  return `${servers} servers${many === 1 ? "" : ` in ${many} organisations`}, ${days} ${days === 1 ? "day" : "days"}`;
};

/** Runs so many seeds, and writes what they came to. */
export const recordSeeds = async (count: number, size: Size, lane: Lanes): Promise<void> => {
  const beganMs = performance.now();
  const over: { readonly seed: number; readonly said: SaidTogether }[] = [];
  const run = async (seed: number): Promise<void> => {
    const said = await simulateOrganisations(seed, size, lane);
    over.push({ seed, said });
    over.sort((a, b) => a.seed - b.seed);
    console.log(rowOf(seed, said));
    const mails = over.reduce((sum, one) => sum + (one.said.counts.accepted ?? 0), 0);
    const broken = over.filter((one) => one.said.broken !== null).length;
    const cpuS = over.reduce((sum, one) => sum + one.said.cpuS, 0);
    writeSection(
      `Seeds: ${sizeOf(size)}`,
      [
        `Commit ${commit}, with four days of rest after each: ${over.length} seeds, ${mails} mails in all, ` +
          `${cpuS.toFixed(0)} s of CPU within ${((performance.now() - beganMs) / SECOND).toFixed(0)} s ` +
          `on a machine of ${availableParallelism()} cores, ${broken} with a broken promise.`,
        "",
        row(
          ...["seed", "accepted", "taken by Gmail", "in doubt", "grants ended", "foretold", "digest"],
          ...["CPU, s", "mails a CPU second", "memory of a process, MB", "broken"],
        ),
        row(...Array.from({ length: 11 }, () => "---")),
        ...over.map((one) => rowOf(one.seed, one.said)),
      ].join("\n"),
    );
  };
  await Promise.all(Array.from({ length: count }, (_, at) => run(at + 1)));
};
