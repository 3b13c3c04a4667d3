import assert from "node:assert/strict";
import { test } from "node:test";
import { emulatorsMissing } from "../../builders/emulators.ts";
import { runKilled } from "./killed.ts";

const DOCUMENTS = 16;

// `npm run soak -- documents` does it with 200.
test("each document is one mail, though events are doubled and mixed and the function is killed", {
  skip: emulatorsMissing(),
}, async () => {
  const { kills, mails, states, wrong } = await runKilled(DOCUMENTS, Math.random);
  assert.deepEqual({ mails, states, wrong }, { mails: DOCUMENTS, states: { SUCCESS: DOCUMENTS }, wrong: [] });
  assert.ok(kills > 0, "the function lived on");
});
