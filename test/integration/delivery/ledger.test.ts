import assert from "node:assert/strict";
import { test } from "node:test";
import { outOfOrder, overLimit, runLedgers } from "./ledger-run.ts";

/** How long a minute takes: longer on a machine that is too slow for messages to have to wait in a shorter one. */
const MINUTES_MS = [2_000, 8_000, 32_000];

/**
 * `npm run soak` runs it with 10 servers of 300 messages and 5 processes, and also checks lateness, which needs an idle
 * machine.
 */
test("several processes never exceed the limits of several servers, release the oldest first, and leave nothing behind", async () => {
  for (const minuteMs of MINUTES_MS) {
    const run = { servers: 2, processes: 3, messages: 20, perMinute: 5, minuteMs, slackMinutes: 1 };
    const { claimedAtMs, waits } = await runLedgers(run);
    for (const times of claimedAtMs) {
      assert.equal(times.filter(Number.isFinite).length, run.messages);
      assert.deepEqual(overLimit(times, run), []);
    }
    for (const waited of waits) assert.deepEqual(outOfOrder(waited, run), []);
    // At least this many must have waited for an order to show.
    if (waits.every((waited) => waited.length > run.perMinute)) return;
  }
  assert.fail("too few messages had to wait");
});
