import { readFileSync, writeFileSync } from "node:fs";
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

const SEED_COLUMNS = [
  ...["seed", "accepted", "taken by Gmail", "in doubt", "grants ended", "foretold", "digest", "CPU, s"],
  ...["mails a CPU second", "memory of a process, MB", "broken", "commit"],
];

const rowOf = (seed: number, said: SaidTogether): string => {
  const { accepted = 0, taken = 0, doubted = 0, deaths = 0, foretold = 0 } = said.counts;
  return row(
    ...[seed, accepted, taken, doubted, deaths, foretold, said.digest, said.cpuS.toFixed(0)],
    ...[(accepted / said.cpuS).toFixed(0), said.peakMb.toFixed(0), brokenIn(said), commit],
  );
};

const sizeOf = ({ servers, days, together }: Size): string => {
  const many = organisationsOf(1, { servers, together }).length;
  return `${servers} servers${many === 1 ? "" : ` in ${many} organisations`}, ${days} ${days === 1 ? "day" : "days"}`;
};

/** The rows of a section that have these columns, by seed. */
const readSeeds = (title: string): Map<number, readonly string[]> => {
  const section = readPage()
    .split(/^(?=## )/m)
    .find((part) => part.startsWith(`## ${title}\n`));
  const rows = (section ?? "")
    .split("\n")
    .map((line) => line.split(" | ").map((cell) => cell.replace(/^\| | \|$/g, "")));
  const isSeed = (cells: readonly string[]): boolean =>
    cells.length === SEED_COLUMNS.length && /^\d+$/.test(cells[0] ?? "");
  return new Map(rows.filter(isSeed).map((cells) => [Number(cells[0]), cells]));
};

/** Replaces the row of one seed; the others keep those of their last runs. */
const recordSeed = (title: string, seed: number, latest: string): void => {
  const rows = readSeeds(title).set(seed, latest.slice(2, -2).split(" | "));
  const sorted = [...rows.values()].sort((a, b) => Number(a[0]) - Number(b[0]));
  const at = (column: string): number => SEED_COLUMNS.indexOf(column);
  const sum = (column: string): number => sorted.reduce((total, cells) => total + Number(cells[at(column)]), 0);
  const broken = sorted.filter((cells) => cells[at("broken")] !== "").length;
  writeSection(
    title,
    [
      `With four days of rest after each: ${sorted.length} seeds, ${sum("accepted")} mails in all, ` +
        `${sum("CPU, s")} s of CPU, ${broken} with a broken promise.`,
      "",
      row(...SEED_COLUMNS),
      row(...SEED_COLUMNS.map(() => "---")),
      ...sorted.map((cells) => row(...cells)),
    ].join("\n"),
  );
};

/** Which seeds to run. */
interface Seeds {
  readonly first: number;
  readonly count: number;
}

/** Runs these seeds, and writes what each came to. */
export const recordSeeds = async ({ first, count }: Seeds, size: Size, lane: Lanes): Promise<void> => {
  const run = async (seed: number): Promise<void> => {
    const beganMs = performance.now();
    const latest = rowOf(seed, await simulateOrganisations(seed, size, lane));
    console.log(latest, `${((performance.now() - beganMs) / SECOND).toFixed(0)} s`);
    recordSeed(`Seeds: ${sizeOf(size)}`, seed, latest);
  };
  await Promise.all(Array.from({ length: count }, (_, at) => run(first + at)));
};
