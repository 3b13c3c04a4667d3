import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { emulatorsMissing } from "../../builders/emulators.ts";
import { decisive } from "./acts.ts";
import { crashEverywhere } from "./crash.ts";
import { tableOf } from "./model.ts";
import { World } from "./world.ts";

/** Pub/Sub pushes every event through a proxy that doubles it. `npm run soak` strikes at every point. */
suite("Killed on Google's store, every event delivered twice", { skip: emulatorsMissing() }, () => {
  test("the decisive points have the same effect as on the embedded store", async () => {
    const world = await World.make({ store: "google" });
    try {
      // Who dies before the mark leaves what the first point leaves, a claim.
      const choose = (points: readonly string[]) => decisive(points).slice(1);
      const plan = { servers: await world.seed("smtp", 2), searchable: true, rounds: 1, choose };
      const rows = await crashEverywhere(world, [plan]);
      console.log(tableOf(rows));
      assert.deepEqual(
        [...new Set(rows.map(({ marked }) => marked))],
        [false, "perhaps", true],
        "a point before, within and after the mark",
      );
      const wrong = rows.filter(({ asItShould }) => !asItShould);
      assert.equal(wrong.length, 0, tableOf(wrong));
    } finally {
      await world.close();
    }
  });
});
