import assert from "node:assert/strict";
import { test } from "node:test";
import { outOfOrder, overLimit, runLedgers } from "./ledger-run.ts";

/**
 * `npm run soak` runs it with 10 servers of 300 messages and 5 processes, and also checks lateness, which needs an idle
 * machine.
 */
test("several processes never exceed the limits of several servers, release the oldest first, and leave nothing behind", async () => {
  const run = { servers: 2, processes: 3, messages: 20, perMinute: 5, minuteMs: 2_000, slackMinutes: 1 };
  const { claimedAtMs, waits } = await runLedgers(run);
  for (const times of claimedAtMs) {
    assert.equal(times.filter(Number.isFinite).length, run.messages);
    assert.deepEqual(overLimit(times, run), []);
  }
  for (const waited of waits) {
    // On a slow machine, some messages come to their first attempt when there is room again. At least this many must
    // have waited for an order to show.
    assert.ok(waited.length > run.perMinute, `${waited.length} had to wait`);
    assert.deepEqual(outOfOrder(waited, run), []);
  }
});
