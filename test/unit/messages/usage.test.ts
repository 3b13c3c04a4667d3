import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DAY, MINUTE } from "../../../functions/domain/clock.ts";
import { EMPTY_LEDGER } from "../../../functions/domain/messages/limits/room.ts";
import { readUsage } from "../../../functions/domain/messages/limits/usage.ts";
import { testClock } from "../../builders/clock.ts";
import { testStore } from "../../builders/store.ts";

describe("the usage of a mail server's limits", () => {
  it("is nothing before the first mail, and then what was sent in the last minute and the last 24 hours", async (test) => {
    const clock = testClock();
    const store = testStore(clock);
    test.after(() => store.close());
    const deps = { ...store, clock };
    assert.deepEqual(await readUsage(deps, "srv_1"), { lastMinute: 0, lastDay: 0, blockedUntil: null });
    const nowMs = clock.nowMs();
    const value = {
      ...EMPTY_LEDGER,
      entries: [
        { atMs: nowMs - 10, recipients: 3 },
        { atMs: nowMs, recipients: 2 },
      ],
      blockedUntilMs: nowMs + MINUTE,
    };
    await store.records.commit([{ op: "create", kind: "quotas", id: "srv_1", value }]);
    const blockedUntil = new Date(nowMs + MINUTE).toISOString();
    assert.deepEqual(await readUsage(deps, "srv_1"), { lastMinute: 5, lastDay: 5, blockedUntil });
    clock.advance(MINUTE);
    assert.deepEqual(await readUsage(deps, "srv_1"), { lastMinute: 0, lastDay: 5, blockedUntil: null });
    clock.advance(DAY);
    assert.deepEqual(await readUsage(deps, "srv_1"), { lastMinute: 0, lastDay: 0, blockedUntil: null });
  });
});
