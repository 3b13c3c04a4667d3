import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Section } from "./section.ts";

const root = join(import.meta.dirname, "../../..");

/** `npm test` sends fewer. */
export const inputs: Section = {
  title: "Bad input",
  size: { of: "inputs to each entry", usual: 5_000 },
  run: async (count) => {
    const { status, stdout } = spawnSync(process.execPath, ["test/integration/bad-input/bad-input.test.ts"], {
      cwd: root,
      encoding: "utf8",
      env: { ...process.env, RELAIS_HOSTILE_INPUTS: String(count) },
    });
    const [, entries = "0"] = /^. pass (\d+)/m.exec(stdout) ?? [];
    const failed = [...stdout.matchAll(/^ +✖ (.*?) \(/gm)].map(([, name = ""]) => name);
    if (status !== 0) console.error(stdout);
    return {
      text: `${entries} entries of the API got ${count.toLocaleString("en")} bodies, queries or pushes each that are nearly right, wrong or absurd. None was answered with a status of 500 or more, or with a stack trace, and each refusal named existing places.`,
      faults: status === 0 ? [] : ["the test failed", ...new Set(failed)],
    };
  },
};
