import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { after, describe, it } from "node:test";
import { bundledDoor } from "../../builders/door-process.ts";
import { runKilled, seeded } from "./killed.ts";

describe("the SMTP door and Relais, killed while a client that repeats sends mail", () => {
  const { folder, remove } = bundledDoor();
  after(remove);

  // `npm run soak -- door` is the long version.
  it("lose nothing and send nothing twice", async () => {
    const seed = randomInt(2 ** 31);
    const outcome = await runKilled({ mails: 24, kills: 6, random: seeded(seed), program: `${folder}/index.js` });
    assert.deepEqual(
      { lost: outcome.lost, twice: outcome.twice, extraRecords: outcome.extraRecords },
      { lost: [], twice: [], extraRecords: 0 },
      `seed ${seed}: ${JSON.stringify(outcome)}`,
    );
    assert.ok(outcome.attempts > 24, "no kill met a mail under way");
  });
});
