import { writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { commit } from "./commit.ts";
import type { Part } from "./page/parts.ts";
import { factsFile, type Origin, writePage } from "./page/results-page.ts";

/** Keeps what a part of the bench has measured as JSON, and rewrites the page from all of it. */
export const record = (part: Part, args: readonly (string | number)[], facts: object): void => {
  const origin: Origin = {
    command: ["npm run bench --", part, ...args].join(" "),
    commit,
    node: process.version,
    cores: availableParallelism(),
    processor: cpus()[0]?.model.trim() ?? "unknown",
    date: new Date().toISOString().slice(0, 10),
  };
  writeFileSync(factsFile(part), `${JSON.stringify({ ...origin, ...facts }, null, 2)}\n`);
  writePage();
};
