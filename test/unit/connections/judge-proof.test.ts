import assert from "node:assert/strict";
import { test } from "node:test";
import { DAY, HOUR } from "../../../functions/domain/clock.ts";
import { judgeProof } from "../../../functions/domain/connections/checks/judge-proof.ts";
import type { Log } from "../../../functions/domain/log.ts";
import { testClock } from "../../builders/clock.ts";
import { mailServer, validConnection } from "../../builders/mail-server.ts";

/** Plays checks, in days since the last proof: when each was due, when it came, and what it found. */
const judged = (
  ...checks: readonly { readonly due?: number; readonly at: number; readonly again?: number }[]
): readonly string[] => {
  const clock = testClock();
  const start = clock.nowMs();
  const found: string[] = [];
  const note: Log["info"] = (_code, fields) => void found.push(String(fields?.proof));
  const log: Log = { info: note, warn: note, error: note };
  const connection = validConnection({ lastVerifiedAtMs: start });
  for (const { due, at, again } of checks) {
    clock.advance(start + at * DAY - clock.nowMs());
    const nextCheckAtMs = start + (due ?? at) * DAY;
    const server = { id: "srv_1", value: mailServer({ connection, nextCheckAtMs }), version: "1" };
    judgeProof({ clock, log }, server, again === undefined ? null : start + again * DAY);
  }
  return found;
};

test("a daily check that finds out counts, and one more on the same day does not", () => {
  assert.deepEqual(judged({ at: 1.2 }), ["in_time"]);
  assert.deepEqual(judged({ at: HOUR / DAY }, { at: 0.5 }), []);
});

test("an outage counts once for each day, however often Google is asked, and not again at its end", () => {
  const hourly = Array.from({ length: 60 }, (_, hour) => ({ at: 1 + hour / 24, again: 1 + (hour + 1) / 24 }));
  assert.deepEqual(judged(...hourly), ["late", "late", "late"]);
  assert.deepEqual(judged(...hourly, { at: 3.5 }), ["late", "late", "late"]);
});

test("an outage that ends in time counts as nothing but a proof", () => {
  assert.deepEqual(judged({ at: 1, again: 1.1 }, { at: 1.1, again: 1.2 }, { at: 1.2 }), ["in_time"]);
});

test("a check that itself came late counts as late", () => {
  assert.deepEqual(judged({ due: 1, at: 2.5 }), ["late"]);
  assert.deepEqual(judged({ due: 1, at: 1.26 }), ["late"]);
});
