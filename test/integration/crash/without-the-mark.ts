import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crashEverywhere } from "./crash.ts";
import type { Row } from "./model.ts";
import { type Store, World } from "./world.ts";

const root = join(import.meta.dirname, "../../..");

/** The repository's sources in a directory of their own, with one thing in them changed. */
const changedCopy = (file: string, change: (text: string) => string): string => {
  const copy = mkdtempSync(join(tmpdir(), "relais-changed-"));
  for (const part of ["functions", "infra/build", "package.json", "tsconfig.json"]) {
    cpSync(join(root, part), join(copy, part), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  const before = readFileSync(join(copy, file), "utf8");
  const after = change(before);
  assert.notEqual(after, before, "what is to be changed is no longer there");
  writeFileSync(join(copy, file), after);
  return copy;
};

/** A build that leaves out the mark, killed once it has handed over a whole message: the suite has to find fault with it. */
export const crashWithoutTheMark = async (store: Store): Promise<readonly Row[]> => {
  const copy = changedCopy("functions/domain/messages/deliver/try.ts", (text) =>
    text.replace(
      "    const { id, value: before, version } = this.#claim.message;",
      "    if (refused) return true;\n$&",
    ),
  );
  const world = await World.make({ store, source: copy });
  try {
    const servers = await world.seed("smtp", 1);
    const choose = () => ["smtp end of message, answered"];
    return await crashEverywhere(world, [{ servers, searchable: true, rounds: 1, choose }]);
  } finally {
    await world.close();
    rmSync(copy, { recursive: true });
  }
};
