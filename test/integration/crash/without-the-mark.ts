import { crashEverywhere } from "./crash.ts";
import type { Row } from "./model.ts";
import { type Store, World } from "./world.ts";

/** `Try.mark`, as esbuild writes it. */
const MARK = "mark=async(refused=[])=>{";

/** A build without the mark, which is killed once it has handed over a whole message. The suite must object to it. */
export const crashWithoutTheMark = async (store: Store): Promise<readonly Row[]> => {
  const world = await World.make({
    store,
    edit: { name: "deliver-mail", text: MARK, by: "$&if(refused)return true;" },
  });
  try {
    const servers = await world.seed("smtp", 1);
    const choose = () => ["smtp end of message, answered"];
    return await crashEverywhere(world, [{ servers, searchable: true, rounds: 1, choose }]);
  } finally {
    await world.close();
  }
};
