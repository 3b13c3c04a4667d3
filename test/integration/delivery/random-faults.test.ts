import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { sendInLanes, wrongOf } from "./random-faults.ts";

/** `npm run soak` does it with 1,000. To see a seed again: `RELAIS_FAULT_SEED=<seed>`. */
test("messages under faults at random end as a model says that knows nothing of the policy", async (t) => {
  const seed = Number(process.env.RELAIS_FAULT_SEED ?? randomInt(1, 2 ** 31));
  t.diagnostic(`seed ${seed}`);
  const outcomes = await sendInLanes({ messages: 60, seed, lanes: 3 });
  assert.equal(outcomes.length, 60);
  assert.deepEqual(wrongOf(outcomes), [], `seed ${seed}`);
});
