import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { crashEverywhere, tableOf } from "./crash.ts";
import { World } from "./world.ts";

const root = join(import.meta.dirname, "../../..");

/** The repository's sources in a directory of their own, with one thing in them changed. */
const changedCopy = (file: string, change: (text: string) => string): string => {
  const copy = mkdtempSync(join(tmpdir(), "relais-changed-"));
  for (const part of ["functions", ".scripts", "package.json", "tsconfig.json"]) {
    cpSync(join(root, part), join(copy, part), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  const before = readFileSync(join(copy, file), "utf8");
  const after = change(before);
  assert.notEqual(after, before, "what is to be changed is no longer there");
  writeFileSync(join(copy, file), after);
  return copy;
};

/** On the embedded store; `npm run soak` strikes each point five times. */
suite("Killed at every point of a send, every event delivered twice", () => {
  test("sent once by itself before the mark; from it on sent or, only where it cannot be known, unknown", async () => {
    const world = await World.make();
    try {
      const smtp = { servers: await world.seed("smtp", 8), searchable: true, rounds: 1 };
      const api = { servers: await world.seed("gmail_api", 3), searchable: false, rounds: 1 };
      const rows = await crashEverywhere(world, [smtp, api]);
      console.log(tableOf(rows));
      assert.ok(rows.some(({ marked }) => marked) && rows.some(({ marked }) => !marked));
      const wrong = rows.filter(({ asItShould }) => !asItShould);
      assert.equal(wrong.length, 0, tableOf(wrong));
    } finally {
      await world.close();
    }
  });

  test("without the mark it would be sent twice", async () => {
    const copy = changedCopy("functions/domain/messages/deliver.ts", (text) =>
      text.replace(
        "    const { id, value: before, version } = this.#claim.message;",
        "    if (refused) return true;\n$&",
      ),
    );
    const world = await World.make(copy);
    try {
      const servers = await world.seed("smtp", 1);
      const [row, ...others] = await crashEverywhere(world, [
        { servers, searchable: true, rounds: 1, only: /^smtp end of message, after$/ },
      ]);
      assert.equal(others.length, 0);
      assert.equal(row?.copies, 2);
    } finally {
      await world.close();
      rmSync(copy, { recursive: true });
    }
  });
});
