import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commit } from "../bench/commit.ts";
import { type Found, inTwoLanes, simulateIn } from "./mutants.ts";

const root = join(import.meta.dirname, "../..");
const PAGE = join(root, "test/bench/SIMULATION.md");
const HEAD =
  "# Simulated months\n\nMade by `npm run simulate -- seeds` and `-- mutants`, each of which rewrites its section.\n";

/** Replaces a section of the page by its latest run. */
const writeSection = (title: string, text: string): void => {
  const page = (() => {
    try {
      return readFileSync(PAGE, "utf8");
    } catch {
      return HEAD;
    }
  })();
  const others = page.split(/^(?=## )/m).filter((part) => part.startsWith("## ") && !part.startsWith(`## ${title}\n`));
  const sections = [...others, `## ${title}\n\n${text}\n`].map((section) => section.trim()).sort();
  writeFileSync(PAGE, `${[HEAD.trim(), ...sections].join("\n\n")}\n`);
};

const row = (...cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;

export const recordMutants = (found: readonly Found[], size: string): void => {
  const caught = found.filter(({ days }) => days !== null);
  writeSection(
    "Planted faults",
    [
      `Commit ${commit}, ${size}: ${caught.length} of ${found.length} were found.`,
      "",
      row("fault", "found on day", "by the promise"),
      row("---", "---", "---"),
      ...found.map(({ name, days, promised }) => row(name, days === null ? "not found" : days.toFixed(2), promised)),
    ].join("\n"),
  );
};

/** Runs so many seeds, two at a time, and writes what they came to. */
export const recordSeeds = async (
  count: number,
  size: { readonly servers: string; readonly days: string },
): Promise<void> => {
  const seeds = Array.from({ length: count }, (_, at) => at + 1);
  const rows: { readonly seed: number; readonly text: string }[] = [];
  let [mails, broken] = [0, 0];
  await inTwoLanes(seeds, async (seed) => {
    const args = ["--seed", String(seed), "--servers", size.servers, "--days", size.days, "--parts", "1"];
    const said = await simulateIn(root, ...args);
    const { accepted = 0, taken = 0, doubted = 0, deaths = 0, foretold = 0 } = said.counts;
    mails += accepted;
    broken += said.broken === null ? 0 : 1;
    const cells = [seed, accepted, taken, doubted, deaths, foretold, said.digest, said.cpuS.toFixed(0)];
    rows.push({ seed, text: row(...cells, said.broken === null ? "" : said.broken.message) });
    console.log(rows.at(-1)?.text);
    writeSection(
      "Seeds",
      [
        `Commit ${commit}, ${size.servers} servers, ${size.days} days and four days of rest; ${mails} mails in all, ${broken} broken promises.`,
        "",
        row("seed", "accepted", "taken by Gmail", "in doubt", "grants ended", "foretold", "digest", "CPU, s", "broken"),
        row(...Array.from({ length: 9 }, () => "---")),
        ...rows.toSorted((a, b) => a.seed - b.seed).map(({ text }) => text),
      ].join("\n"),
    );
  });
};
