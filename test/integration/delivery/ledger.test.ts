import assert from "node:assert/strict";
import { test } from "node:test";
import { faultsOf, runLedgers } from "./ledger-run.ts";

/** `npm run soak` does it with 10 servers of 300 messages and 5 processes. */
test("several processes keep the limits of several servers, oldest first, and waste no room", async () => {
  const run = { servers: 2, processes: 3, messages: 20, perMinute: 5, minuteMs: 2_000, slackMinutes: 4 };
  const { claimedAtMs } = await runLedgers(run);
  for (const times of claimedAtMs) assert.deepEqual(faultsOf(times, run), []);
});
