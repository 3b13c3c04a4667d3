import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { crashEverywhere } from "./crash.ts";
import { crashInOtherDialogues } from "./dialogues.ts";
import { asItShould, tableOf } from "./model.ts";
import { crashWithoutTheMark } from "./without-the-mark.ts";
import { World } from "./world.ts";

/**
 * Runs on the embedded store. `npm run soak` strikes each point more often, also kills what follows a delivery, and
 * does all of it on Google's store as well.
 */
suite("Killed at every point of a send, every event delivered twice", () => {
  test("before the mark it is sent once by itself; after it, it is sent or, only if that cannot be known, unknown", async () => {
    const world = await World.make();
    try {
      const smtp = { servers: await world.seed("smtp", 8), searchable: true, rounds: 1 };
      const api = { servers: await world.seed("gmail_api", 3), searchable: false, rounds: 1 };
      const rows = [...(await crashEverywhere(world, [smtp, api])), ...(await crashInOtherDialogues(world, 1))];
      console.log(tableOf(rows));
      assert.ok(rows.some(({ marked }) => marked) && rows.some(({ marked }) => !marked));
      const wrong = rows.filter(({ asItShould }) => !asItShould);
      assert.equal(wrong.length, 0, tableOf(wrong));
    } finally {
      await world.close();
    }
  });

  test("sending again after the mark is detected, even if Gmail never had the message before", () => {
    const facts = { marked: true, taken: false, settled: false, searchable: true };
    assert.equal(asItShould(facts, { outcome: "unknown", copies: 0, looks: 4 }), true);
    assert.equal(asItShould(facts, { outcome: "sent", copies: 1, looks: 0 }), false);
  });

  test("without the mark the message would be sent twice", async () => {
    const [row, ...others] = await crashWithoutTheMark("embedded");
    assert.equal(others.length, 0);
    assert.equal(row?.copies, 2);
    // The model sees no mark here, so it objects to the two copies.
    assert.equal(row?.asItShould, false);
  });
});
