import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Section } from "./section.ts";

const root = join(import.meta.dirname, "../../..");

/** The tests that take a sample of their cases in `npm test`, and have no other section here. */
const FILES = [
  "test/integration/journeys/ending.test.ts",
  "test/integration/runtime/bundles.test.ts",
  "test/unit/delivery/counted.test.ts",
  "test/unit/delivery/mail-on-the-wire.test.ts",
];

/** Runs these tests with all of their cases. */
export const samples: Section = {
  title: "All cases of the tests that take a sample",
  size: { of: "rounds", usual: 1 },
  run: async (rounds) => {
    const rows: string[] = [];
    const faults: string[] = [];
    for (const file of Array.from({ length: rounds }, () => FILES).flat()) {
      const env = { ...process.env, RELAIS_SAMPLE_SEED: "all" };
      const { status, stdout } = spawnSync(process.execPath, [file], { cwd: root, encoding: "utf8", env });
      const [, passed = "0"] = /^. pass (\d+)/m.exec(stdout) ?? [];
      rows.push(`| ${file} | ${passed} |`);
      if (status !== 0) faults.push(`${file} failed:\n${stdout}`);
    }
    return { text: `| test | passed |\n|---|---|\n${rows.join("\n")}`, faults };
  },
};
