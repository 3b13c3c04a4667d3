import assert from "node:assert/strict";
import { test } from "node:test";
import { walkAndRecount } from "../../builders/counted-walk.ts";
import { triesOf } from "../../builders/sample.ts";

test("whatever happens, the statistics say what a recount of all messages says", { timeout: 280_000 }, async () => {
  const seen = await walkAndRecount({ walks: triesOf({ few: 40, all: 100 }), steps: 40 });
  // Which of the rarer numbers a random walk meets is chance, so each has a test of its own.
  for (const what of ["sent", "failed", "held", "deferred", "recipients"]) assert.ok(seen.has(what), what);
});
