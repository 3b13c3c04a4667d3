import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { newSample } from "../../builders/sample.ts";
import { decisive } from "./acts.ts";
import { crashEverywhere } from "./crash.ts";
import { crashInOtherDialogues, DIALOGUES } from "./dialogues.ts";
import { asItShould, tableOf } from "./model.ts";
import { crashWithoutTheMark } from "./without-the-mark.ts";
import { World } from "./world.ts";

/** What decides, by the API of Gmail: the mark, the request, and the outcome. */
const DECIDES_BY_API = /messages:sending\.data|google POST send|messages:sent/;
/** How many other points are struck in each run, and how many other dialogues are tried. */
const OTHERS = { smtp: 3, api: 1, dialogues: 1 };

/**
 * Runs on the embedded store, at the decisive points and others that change with each run. `npm run soak -- crash`
 * strikes every point more often, also kills what follows a delivery, and does all of it on Google's store as well.
 */
suite("Killed at points of a send, every event delivered twice", () => {
  test("before the mark it is sent once by itself; after it, it is sent or, only if that cannot be known, unknown", async (t) => {
    const sample = newSample();
    t.diagnostic(sample.says);
    const chosen = (points: readonly string[], count: number, kept: (point: string) => boolean) =>
      sample.of(points, points.filter(kept).length + count, kept);
    const bySmtp = (points: readonly string[]) => {
      const decide = new Set(decisive(points));
      return chosen(points, OTHERS.smtp, (point) => decide.has(point));
    };
    const byApi = (points: readonly string[]) => chosen(points, OTHERS.api, (point) => DECIDES_BY_API.test(point));
    const world = await World.make();
    try {
      const smtp = { servers: await world.seed("smtp", 8), searchable: true, rounds: 1, choose: bySmtp };
      const api = { servers: await world.seed("gmail_api", 3), searchable: false, rounds: 1, choose: byApi };
      const dialogues = sample.of(DIALOGUES, OTHERS.dialogues);
      const rows = [
        ...(await crashEverywhere(world, [smtp, api])),
        ...(await crashInOtherDialogues(world, 1, { dialogues })),
      ];
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
