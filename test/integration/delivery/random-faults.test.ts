import assert from "node:assert/strict";
import { test } from "node:test";
import { sendUnderRandomFaults, wrongOf } from "./random-faults.ts";

/** `npm run soak` does the same with a thousand. */
test("whatever strikes its first try, each message ends as a model outside of Relais says", async (t) => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  t.diagnostic(`seed ${seed}`);
  const outcomes = await sendUnderRandomFaults(30, seed);
  assert.equal(outcomes.length, 30);
  assert.deepEqual(wrongOf(outcomes), [], `seed ${seed}`);
});
