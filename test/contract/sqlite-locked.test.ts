import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { openSqliteStore, type SqliteStore } from "../../functions/adapters/sqlite/open.ts";
import { type Patience, patienceOf } from "../../functions/domain/patience.ts";
import { Unavailable } from "../../functions/domain/problem.ts";
import { Secret } from "../../functions/domain/secret.ts";
import { testClock } from "../builders/clock.ts";
import { testRandom, testStore } from "../builders/store.ts";

const PATIENCE_MS = 400;

describe("an embedded store that another process keeps locked", () => {
  let folder: string;
  let store: SqliteStore;
  let other: DatabaseSync;
  let patient: Patience;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "relais-locked-"));
    const path = join(folder, "relais.sqlite");
    const { sealer, close } = testStore(testClock(), path);
    close();
    patient = patienceOf({ nowMs: () => performance.now() }, { totalMs: PATIENCE_MS, failsFast: true });
    store = openSqliteStore({ path, clock: testClock(), random: testRandom, sealer, patience: () => patient });
    other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
  });
  afterEach(() => {
    other.close();
    store.close();
    rmSync(folder, { recursive: true });
  });

  const token = { kind: "refresh_token", serverId: "srv_1" } as const;
  const write = (id: string) =>
    store.records.commit([{ op: "put", kind: "serverNames", id, value: { serverId: "srv_1" } }]);
  const ACTS: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["writing records", () => write("a")],
    ["keeping a secret", () => store.vault.add(token, new Secret("x"))],
    ["destroying a secret", () => store.vault.remove(token)],
    ["publishing", () => store.publisher.publish("mail-send", { data: {}, attributes: {} })],
  ];

  for (const [act, run] of ACTS) {
    it(`is waited for without blocking others, and then written: ${act}`, async () => {
      patient = patienceOf({ nowMs: () => performance.now() }, { totalMs: 30_000, failsFast: true });
      const running = run();
      // One that kept the process waiting would have lost its patience when this goes on.
      for (let beats = 0; beats < 5; beats += 1) await pause(10);
      other.exec("COMMIT");
      await running;
    });
  }

  it("is waited for as long as the request's patience lasts, whatever the work, and can be read meanwhile", async () => {
    const beganMs = performance.now();
    await Promise.all(ACTS.map(([act, run]) => assert.rejects(run(), Unavailable, act)));
    for (let count = 0; count < 20; count += 1) await assert.rejects(write(String(count)), Unavailable);
    // One that was patient anew for each would take at least 20 times as long.
    assert.ok(performance.now() - beganMs < 10 * PATIENCE_MS);
    assert.equal(await store.records.get("serverNames", "a"), undefined);
    other.exec("COMMIT");
    assert.equal((await write("a")).done, true, "what was refused was not done, and can be now");
  });

  it("blocks the queue only for a moment", () => {
    const beganMs = performance.now();
    assert.throws(() => store.queue.sweep(), Unavailable);
    assert.ok(performance.now() - beganMs < 2_000);
  });

  it("keeps nobody waiting for what others write in the same turn: each has its own answer", async () => {
    const together = Promise.allSettled([write("a"), write("b"), store.queue.done("1.1")]);
    await pause(50);
    other.exec("COMMIT");
    assert.deepEqual(
      (await together).map(({ status }) => status),
      ["fulfilled", "fulfilled", "fulfilled"],
    );
    const [third, fourth] = await Promise.allSettled([write("c"), write("d")]);
    assert.deepEqual([third?.status, fourth?.status], ["fulfilled", "fulfilled"]);
  });
});
