import { spawnSync } from "node:child_process";
import { root } from "../../../infra/build/repository.ts";
import { EVERY_READER, ONLY_READER, readerName } from "../../browser/readers.ts";
import type { Section } from "./section.ts";

/** Every test of the browser, done by this reader alone: how many passed and failed, and what says why. */
const allBy = (name: string): { readonly passed: number; readonly failed: number; readonly output: string } => {
  const { stdout } = spawnSync(process.execPath, ["test/tools/test.ts", "browser"], {
    cwd: root,
    env: { ...process.env, [ONLY_READER]: name },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: Number.POSITIVE_INFINITY,
  });
  const [, passed, failed] = /^(\d+) passed, (\d+) failed, \d+ skipped$/m.exec(stdout) ?? [];
  return { passed: Number(passed ?? 0), failed: Number(failed ?? 1), output: stdout };
};

/** `npm test` hands the readers out in turn; here each language, scheme and width meets every test. */
export const consoleByEveryReader: Section = {
  title: "The console, by every reader",
  size: { of: "readers", usual: EVERY_READER.length },
  run: async (count) => {
    const rows: string[] = [];
    const faults: string[] = [];
    for (const name of EVERY_READER.slice(0, count).map(readerName)) {
      const { passed, failed, output } = allBy(name);
      rows.push(`| ${name} | ${passed} | ${failed} |`);
      if (failed === 0) continue;
      console.error(output);
      faults.push(`${failed} failed by ${name}`);
    }
    const text = `Every test of the browser, in each language, each scheme and at each width. Those that work with what a narrow screen folds away use 1,280 px at least.

| reader | passed | failed |
|---|---|---|
${rows.join("\n")}`;
    return { text, faults };
  },
};
