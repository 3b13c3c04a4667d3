import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { coldSection } from "./cold.ts";
import { consoleSection } from "./console.ts";
import { type Part, partNames } from "./parts.ts";
import { rawSection } from "./raw.ts";
import { refreshSection } from "./refresh.ts";
import { scaleSection } from "./scale.ts";
import type { Section } from "./section.ts";
import { sendSection } from "./send.ts";
import { sizeSection } from "./size.ts";
import { throughputSection } from "./throughput.ts";

const SECTIONS: Readonly<Record<Part, Section>> = {
  throughput: throughputSection,
  send: sendSection,
  cold: coldSection,
  size: sizeSection,
  scale: scaleSection,
  refresh: refreshSection,
  raw: rawSection,
  console: consoleSection,
};

/** Where figures come from. */
export interface Origin {
  readonly command: string;
  readonly commit: string;
  readonly node: string;
  readonly cores: number;
  /** Absent in figures of before it was noted. */
  readonly processor?: string;
  readonly date: string;
}

export const factsFile = (part: Part): URL => new URL(`../results/${part}.json`, import.meta.url);
export const PAGE = new URL("../RESULTS.md", import.meta.url);

const originOf = (json: string): string => {
  const { command, commit, node, cores, processor, date }: Origin = JSON.parse(json);
  const machine = [`Node ${node}`, `${cores} cores`, ...(processor === undefined ? [] : [processor])].join(", ");
  return `Made by \`${command}\` at commit ${commit} on ${date} (${machine}).`;
};

const anchorOf = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^a-z ]/g, "")
    .replaceAll(" ", "-");

/** The page that shows this JSON, part by part. A part that was never measured has no section. */
export const resultsPage = (factsOf: (part: Part) => string | undefined): string => {
  const shown = partNames.flatMap((part) => {
    const json = factsOf(part);
    const { title, text } = SECTIONS[part];
    return json === undefined ? [] : [{ part, title, text: `${originOf(json)}\n\n${text(json)}` }];
  });
  const contents = shown.map(({ part, title }) => `- [${title}](#${anchorOf(title)}): \`npm run bench -- ${part}\``);
  return [
    "# What is measured",
    "`npm run bench` measures every part, `npm run bench -- send` one. Each keeps its figures as JSON in `test/bench/results/`, and writes this page from it: do not edit it.\nTimes depend on the machine, and on what else it does; ratios of one run, processor time and counts hardly do.",
    contents.join("\n"),
    ...shown.map(({ title, text }) => `## ${title}\n\n${text.trim()}`),
  ]
    .join("\n\n")
    .concat("\n");
};

export const readFacts = (part: Part): string | undefined =>
  existsSync(factsFile(part)) ? readFileSync(factsFile(part), "utf8") : undefined;

export const writePage = (): void => writeFileSync(PAGE, resultsPage(readFacts));
