import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type Bar, byDay, byHour, failedIn, totalOf } from "../../../functions/console/pages/home/figures.ts";
import { readWaiting } from "../../../functions/console/pages/home/waiting.ts";
import { messageView } from "../../../functions/domain/messages/views/message-view.ts";
import { testClock } from "../../builders/clock.ts";
import { acceptedMessage } from "../../builders/delivery.ts";

const HOUR = 3_600_000;
const NOTHING = {
  sent: 0,
  refused: 0,
  failed: 0,
  held: 0,
  deferred: 0,
  unknown: 0,
  canceled: 0,
  expired: 0,
  recipients: 0,
};
const row = (at: string, counts: Partial<typeof NOTHING>) => ({ at, ...NOTHING, ...counts });
const program = join(import.meta.dirname, "../../../functions/console/pages/home/figures.ts");

/** Runs in a process of its own, because a process reads its time zone once. */
const inZone = (zone: string, source: string): unknown =>
  JSON.parse(
    execFileSync(
      process.execPath,
      ["--input-type=module", "-e", `import * as f from ${JSON.stringify(program)}; ${source}`],
      {
        env: { ...process.env, TZ: zone },
        encoding: "utf8",
      },
    ),
  );

describe("the number of messages that wait", () => {
  const message = messageView({ id: "msg_1", version: "1", value: acceptedMessage(testClock(), "msg_1") });
  const found = (count: number, next: string | null = null) =>
    ({ ok: true, value: { items: Array.from({ length: count }, () => message), next } }) as const;
  const failed = { ok: false, failure: { kind: "network" } } as const;

  it("is that of all who wait for something, and leads to most of them", async () => {
    const waiting = await readWaiting(async ({ status }) => found(status === "deferred" ? 3 : 1));
    assert.deepEqual(waiting, { count: 5, isMore: false, mostly: "deferred" });
    assert.equal((await readWaiting(async ({ status }) => found(1, status === "held" ? "more" : null)))?.isMore, true);
    assert.equal((await readWaiting(async () => found(0)))?.mostly, "held");
  });

  it("is unknown, not smaller, if one of the lists cannot be read", async () => {
    assert.equal(await readWaiting(async ({ status }) => (status === "held" ? failed : found(1))), null);
  });
});

describe("the figures of the home page", () => {
  it("count each message once: sent, sent with refusals, or failed", () => {
    const now = new Date(2026, 10, 12, 9);
    const rows = [
      row(new Date(2026, 10, 12, 8).toISOString(), { sent: 7, refused: 2, failed: 3, expired: 1, held: 9 }),
    ];
    const today: Bar | undefined = byDay(rows, now).at(-1);
    assert(today !== undefined);
    assert.deepEqual(
      { sent: today.sent, partly: today.partly, failed: today.failed },
      { sent: 5, partly: 2, failed: 4 },
    );
    assert.equal(totalOf(today), 11);
    assert.equal(failedIn([today]), 3, "those that the list of failed messages shows");
  });

  it("lose and double no hour, whatever the time of day", () => {
    for (const hour of [0, 1, 11, 23]) {
      const now = new Date(2026, 10, 12, hour, 59);
      const rows = Array.from({ length: 24 * 20 }, (_, before) =>
        row(new Date(Math.floor(now.getTime() / HOUR) * HOUR - before * HOUR).toISOString(), { sent: 1 }),
      );
      const days = byDay(rows, now);
      assert.equal(days.length, 14);
      assert.deepEqual(days.map(totalOf), [...Array.from({ length: 13 }, () => 24), hour + 1], `at ${hour} o'clock`);
      assert.equal(
        byHour(rows, now).reduce((all, bar) => all + totalOf(bar), 0),
        hour + 1,
      );
    }
  });

  it("put an hour into the reader's day, not into that of UTC", () => {
    const at = "2026-11-12T23:00:00.000Z";
    const source = `const rows = [{ at: "${at}", sent: 4, refused: 0, failed: 0, expired: 0 }];
      const days = f.byDay(rows, new Date("2026-11-13T10:00:00Z"));
      console.log(JSON.stringify(days.slice(-2).map((bar) => [bar.at.getDate(), bar.sent])));`;
    assert.deepEqual(inZone("Europe/Paris", source), [
      [12, 0],
      [13, 4],
    ]);
    assert.deepEqual(inZone("America/New_York", source), [
      [12, 4],
      [13, 0],
    ]);
  });

  it("give a day on which the clock changes 23 or 25 hours", () => {
    const hoursOn = (day: string) =>
      inZone("Europe/Paris", `console.log(f.byHour([], new Date("${day}T12:00:00")).length)`);
    assert.equal(hoursOn("2026-03-29"), 23);
    assert.equal(hoursOn("2026-10-25"), 25);
    assert.equal(hoursOn("2026-11-12"), 24);
  });
});
