import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { sendInLanes, wrongOf } from "./random-faults.ts";

/** `npm run soak` runs it with 1,000 messages. To repeat a seed: `RELAIS_FAULT_SEED=<seed>`. */
const MESSAGES = 36;

test("messages under random faults end as predicted by a model that does not know the policy", async (t) => {
  const seed = Number(process.env.RELAIS_FAULT_SEED ?? randomInt(1, 2 ** 31));
  t.diagnostic(`seed ${seed}`);
  const outcomes = await sendInLanes({ messages: MESSAGES, seed, lanes: 3 });
  assert.equal(outcomes.length, MESSAGES);
  assert.deepEqual(wrongOf(outcomes), [], `seed ${seed}`);
});
