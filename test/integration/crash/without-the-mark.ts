import { rmSync } from "node:fs";
import { changedCopy } from "../../builders/changed-copy.ts";
import { crashEverywhere } from "./crash.ts";
import type { Row } from "./model.ts";
import { type Store, World } from "./world.ts";

/** A build without the mark, which is killed once it has handed over a whole message. The suite must object to it. */
export const crashWithoutTheMark = async (store: Store): Promise<readonly Row[]> => {
  const copy = changedCopy({
    file: "functions/domain/messages/deliver/try.ts",
    text: "    const before = this.#claim.message.value;",
    by: "    if (refused) return true;\n$&",
  });
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
