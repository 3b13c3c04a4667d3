import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { emulatorsMissing } from "../../builders/emulators.ts";
import { newSample } from "../../builders/sample.ts";
import { moveUnderKills } from "./moving-tokens.ts";

const KILLS_A_WAY = 2;

suite("Refresh tokens that move in operation, with SIGKILLs", { skip: emulatorsMissing() }, () => {
  // `npm run soak -- moving` kills at every point.
  test("go from Secret Manager to Firestore and back while others refresh them: none is lost, none lies in clear", {
    timeout: 600_000,
  }, async (t) => {
    const sample = newSample();
    t.diagnostic(sample.says);
    const { kills, refreshed } = await moveUnderKills({
      servers: 4,
      choose: (points) => {
        assert.ok(points.length > KILLS_A_WAY, points.join("\n"));
        return sample.of(points, KILLS_A_WAY);
      },
    });
    t.diagnostic(`${kills} kills, ${refreshed} refreshes meanwhile`);
    assert.ok(kills >= KILLS_A_WAY, `${kills} kills`);
    assert.ok(refreshed > 0);
  });
});
