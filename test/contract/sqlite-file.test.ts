import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, test } from "node:test";
import { openSqliteStore, type SqliteStore } from "../../functions/adapters/sqlite/open.ts";
import { selectPage } from "../../functions/adapters/sqlite/sqlite-records.ts";
import { Unavailable } from "../../functions/domain/problem.ts";
import { QUERIES, type QueryName } from "../../functions/domain/queries.ts";
import { Secret } from "../../functions/domain/secret.ts";
import { testClock } from "../builders/clock.ts";
import { eventually } from "../builders/eventually.ts";
import { testRandom, testSealer, testStore } from "../builders/store.ts";

interface SlowDisk {
  /** Resolves once so many syncs have been asked for. */
  asked(count: number): Promise<void>;
  /** Ends the oldest sync that is under way. */
  finish(error?: Error): void;
  /** From now on, each sync ends at once. */
  finishAll(): void;
  restore(): void;
}

/** A disk whose syncs end when a test says so. */
const slowDisk = (): SlowDisk => {
  const { fdatasync } = fs;
  const underWay: ((error: Error | null) => void)[] = [];
  let [count, slow] = [0, true];
  const replace = (by: unknown): void => {
    Reflect.set(fs, "fdatasync", by);
    syncBuiltinESMExports();
  };
  replace((_: number, done: (error: Error | null) => void) => {
    count += 1;
    if (slow) underWay.push(done);
    else setImmediate(done, null);
  });
  const finish = (error: Error | null = null): void => underWay.shift()?.(error);
  return {
    asked: async (wanted) => {
      await eventually(`${wanted} syncs are asked for`, async () => count >= wanted);
    },
    finish,
    finishAll: () => {
      slow = false;
      while (underWay.length > 0) finish();
    },
    restore: () => replace(fdatasync),
  };
};

const WORKER = join(import.meta.dirname, "sqlite-worker.ts");

describe("the SQLite file", () => {
  let directory: string;
  let path: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "relais-file-"));
    path = join(directory, "data", "relais.sqlite");
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  test("is created with its directory, readable only by its owner, including log files", async () => {
    const store = testStore(testClock(), path);
    await store.publisher.publish("mail-send", { data: 1, attributes: {} });
    for (const file of [path, `${path}-wal`, `${path}-shm`]) assert.equal((await stat(file)).mode & 0o777, 0o600, file);
    assert.equal((await stat(join(directory, "data"))).mode & 0o777, 0o700);
    store.close();
  });

  test("syncs once for what is written in one turn, and one that fails is nobody else's failure", async () => {
    const store = testStore(testClock(), path);
    const { exec } = DatabaseSync.prototype;
    let commits = 0;
    DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string) {
      if (sql === "COMMIT") commits += 1;
      return exec.call(this, sql);
    };
    const create = (id: string) =>
      store.records.commit([{ op: "create", kind: "serverNames", id, value: { serverId: "srv_1" } }]);
    try {
      const outcomes = await Promise.all(Array.from({ length: 20 }, (_, n) => create(`name-${n % 19}`)));
      assert.deepEqual([outcomes.filter(({ done }) => done).length, commits], [19, 1]);
      const unwritable = store.publisher.publish("mail-send", { data: undefined, attributes: {} });
      const [first, failed, second] = await Promise.allSettled([create("a"), unwritable, create("b")]);
      assert.deepEqual([first?.status, failed?.status, second?.status], ["fulfilled", "rejected", "fulfilled"]);
      assert.ok(failed?.status === "rejected" && failed.reason instanceof Unavailable);
      for (const id of ["a", "b"]) assert.equal((await store.records.get("serverNames", id))?.value.serverId, "srv_1");
    } finally {
      DatabaseSync.prototype.exec = exec;
      store.close();
    }
  });

  describe("whose log a slow disk syncs", () => {
    let disk: SlowDisk;
    beforeEach(() => {
      disk = slowDisk();
    });
    afterEach(() => disk.restore());
    const create = (store: SqliteStore, id: string) =>
      store.records.commit([{ op: "create", kind: "serverNames", id, value: { serverId: "srv_1" } }]);

    test("confirms nothing, and shows nothing to anybody, before it is synced", async () => {
      const [store, other] = [testStore(testClock(), path), testStore(testClock(), path)];
      const told: string[] = [];
      const tell = (what: string) => () => void told.push(what);
      // Written in two turns, so the second is committed while the first is synced.
      const first = create(store, "a").then(tell("a is written"));
      const alsoFirst = store.publisher.publish("mail-send", { data: 1, attributes: {} }).then(tell("published"));
      await disk.asked(1);
      const second = create(store, "b").then(tell("b is written"));
      const read = store.records.get("serverNames", "a").then(tell("a is read"));
      const elsewhere = other.records.get("serverNames", "a").then(tell("a is read by another process"));
      await disk.asked(2);
      assert.deepEqual(told, []);
      disk.finish();
      await Promise.all([first, alsoFirst]);
      assert.deepEqual(told, ["a is written", "published"]);
      disk.finishAll();
      await Promise.all([second, read, elsewhere]);
      assert.equal(told.length, 5);
      store.close();
      other.close();
    });

    test("answers early in the order of the log, and what was answered is shown to nobody before it is synced", async () => {
      const [store, other] = [testStore(testClock(), path), testStore(testClock(), path)];
      const told: string[] = [];
      const tell = (what: string) => () => void told.push(what);
      const durable = create(store, "a").then(tell("a is durable"));
      await disk.asked(1);
      // A sync is under way, and nothing waits for it but what must be durable.
      const outcome = await store.records.commit(
        [{ op: "create", kind: "serverNames", id: "b", value: { serverId: "srv_1" } }],
        { early: true },
      );
      assert.ok(outcome.done && outcome.durable !== undefined);
      const after = await store.records.commit(
        [
          {
            op: "replace",
            kind: "serverNames",
            id: "b",
            version: outcome.versions[0] ?? "",
            value: { serverId: "srv_2" },
          },
        ],
        { early: true },
      );
      assert.equal(after.done, true);
      assert.deepEqual(told, []);
      const read = other.records.get("serverNames", "b").then(tell("b is read"));
      const alsoDurable = outcome.durable().then(tell("b is durable"));
      disk.finish();
      await durable;
      await disk.asked(2);
      assert.deepEqual(told, ["a is durable"]);
      disk.finishAll();
      await Promise.all([read, alsoDurable]);
      store.close();
      other.close();
    });

    test("says of an early answer that it is not durable if the disk fails", async () => {
      const store = testStore(testClock(), path);
      const write = { op: "create", kind: "serverNames", id: "a", value: { serverId: "srv_1" } } as const;
      const outcome = await store.records.commit([write], { early: true });
      assert.ok(outcome.done && outcome.durable !== undefined);
      const failed = assert.rejects(outcome.durable(), Unavailable);
      await disk.asked(1);
      disk.finish(new Error("EIO"));
      await failed;
      disk.finishAll();
      await assert.rejects(outcome.durable(), Unavailable);
      store.close();
    });

    test("takes what was collected during a sync along with the next one", async () => {
      const store = testStore(testClock(), path);
      const first = create(store, "a");
      await disk.asked(1);
      // One that is there already waits for the next sync, and one is collected for it.
      const early = await store.records.commit(
        [{ op: "create", kind: "serverNames", id: "b", value: { serverId: "srv_1" } }],
        { early: true },
      );
      assert.ok(early.done && early.durable !== undefined);
      const second = Promise.all([early.durable(), create(store, "c")]);
      disk.finish();
      await first;
      await disk.asked(2);
      disk.finish();
      await second;
      store.close();
    });

    test("is unavailable once the disk has failed, although the next sync would succeed", async () => {
      const store = testStore(testClock(), path);
      const failed = [create(store, "a"), store.publisher.publish("mail-send", { data: 1, attributes: {} })];
      await disk.asked(1);
      disk.finish(new Error("EIO"));
      for (const outcome of await Promise.allSettled(failed)) {
        assert.ok(outcome.status === "rejected" && outcome.reason instanceof Unavailable);
      }
      disk.finishAll();
      await assert.rejects(create(store, "b"), Unavailable);
      await assert.rejects(store.records.get("serverNames", "b"), Unavailable);
      store.close();
    });
  });

  test("keeps its content when it is closed and opened again", async () => {
    const clock = testClock();
    const sealer = testSealer();
    const open = () => openSqliteStore({ path, clock, random: testRandom, sealer });
    const first = open();
    const version = await first.vault.add({ kind: "client_secret" }, new Secret("GOCSPX-canary"));
    await first.records.commit([{ op: "create", kind: "serverNames", id: "a", value: { serverId: "srv_1" } }]);
    await first.publisher.publish("mail-send", { data: { id: "msg_1" }, attributes: { relais: "deliver" } });
    first.close();
    const second = open();
    assert.equal((await second.vault.read({ kind: "client_secret" }, version))?.reveal(), "GOCSPX-canary");
    assert.equal((await second.records.get("serverNames", "a"))?.value.serverId, "srv_1");
    assert.deepEqual(
      (await second.queue.claim(5, 1_000)).map(({ message }) => message.data),
      [{ id: "msg_1" }],
    );
    second.close();
  });

  test("contains no secret in plain text, and nothing of a destroyed one", async () => {
    const store = testStore(testClock(), path);
    const name = { kind: "refresh_token", serverId: "srv_1" } as const;
    const version = await store.vault.add(name, new Secret("1//canary-token"));
    await store.vault.destroy(name, version);
    store.close();
    const bytes = await readFile(path, "latin1");
    assert.ok(!bytes.includes("canary-token"));
    assert.ok(!bytes.includes(version), "the sealed row is overwritten");
  });

  test("does not open a secret that was moved to another name or version", async () => {
    const store = testStore(testClock(), path);
    const name = (serverId: string) => ({ kind: "refresh_token", serverId }) as const;
    const a = await store.vault.add(name("srv_a"), new Secret("a's token"));
    const b = await store.vault.add(name("srv_b"), new Secret("b's token"));
    const db = new DatabaseSync(path);
    db.prepare("UPDATE secrets SET sealed = (SELECT sealed FROM secrets WHERE version = ?) WHERE version = ?").run(
      a,
      b,
    );
    db.close();
    assert.equal(await store.vault.read(name("srv_b"), b), undefined);
    assert.equal((await store.vault.read(name("srv_a"), a))?.reveal(), "a's token");
    store.close();
  });

  test("keeps no trace of an erased record's text", async () => {
    const store = testStore(testClock(), path);
    const chunk = (text: string) =>
      ({
        op: "put",
        kind: "bodyChunks",
        id: "m.0",
        value: { messageId: "m", index: 0, text, createdAtMs: 1 },
      }) as const;
    await store.records.commit([chunk(`body-canary ${"x".repeat(20_000)}`)]);
    await store.records.commit([{ op: "delete", kind: "bodyChunks", id: "m.0" }]);
    const isLeftIn = async (file: string) => (await readFile(file, "latin1")).includes("body-canary");
    assert.ok(await isLeftIn(`${path}-wal`), "the log has it still");
    const reader = new DatabaseSync(path);
    reader.exec("BEGIN; SELECT count(*) FROM bodyChunks");
    store.emptyLog();
    reader.close();
    store.emptyLog();
    for (const file of [path, `${path}-wal`]) assert.equal(await isLeftIn(file), false, file);
    store.close();
    assert.equal(await isLeftIn(path), false);
  });

  test("is refused and left alone if a newer release wrote it or if it is no database", async () => {
    testStore(testClock(), path).close();
    const db = new DatabaseSync(path);
    db.exec("PRAGMA user_version = 99");
    db.close();
    assert.throws(
      () => testStore(testClock(), path),
      (error) => error instanceof Unavailable && /newer Relais/.test(String(error.cause)),
    );
    const text = join(directory, "notes.txt");
    await writeFile(text, "not a database, but long enough to look like a file of some sort".repeat(50));
    assert.throws(() => testStore(testClock(), text), Unavailable);
    assert.match(await readFile(text, "utf8"), /^not a database/);
  });

  test("is completed if it is older: a query also finds records written before it existed", async () => {
    testStore(testClock(), path).close();
    const db = new DatabaseSync(path);
    // As a release would leave it that knows neither the column nor the query.
    db.exec(`
      DROP TRIGGER messages_recipientAddresses_insert; DROP TRIGGER messages_recipientAddresses_update;
      DROP TRIGGER messages_recipientAddresses_delete; DROP TABLE messages_recipientAddresses;
      DROP INDEX messagesDue; ALTER TABLE messages DROP COLUMN dueAtMs;
      INSERT INTO messages (id, version, value) VALUES
        ('old', 1, '{"createdAtMs": 5, "dueAtMs": 7, "recipientAddresses": ["b@y.org", "c@y.org"]}')`);
    db.close();
    const store = testStore(testClock(), path);
    const due = await store.records.query("messagesDue", { upTo: 7 }, { limit: 5 });
    assert.ok(due !== "bad_cursor" && due.items[0]?.id === "old");
    const to = await store.records.query("messagesTo", { recipientAddresses: "c@y.org" }, { limit: 5 });
    assert.ok(to !== "bad_cursor" && to.items[0]?.id === "old");
    store.close();
  });

  test("serves every query from an index in its order, without a full scan or a sort", () => {
    testStore(testClock(), path).close();
    const db = new DatabaseSync(path);
    for (const [name, { equal, order, ...more }] of Object.entries(QUERIES)) {
      const fields = [...equal, ...("contains" in more ? [more.contains] : [])];
      const args = {
        ...Object.fromEntries(fields.map((field) => [field, "x"])),
        ...("upTo" in more ? { upTo: 1 } : {}),
      };
      for (const position of [undefined, { orderValue: 1, id: "a" }]) {
        const { text, values } = selectPage(name as QueryName, args, { position });
        const steps = db
          .prepare(`EXPLAIN QUERY PLAN ${text}`)
          .all(...values, 10)
          .map(({ detail }) => String(detail));
        for (const step of steps) {
          assert.ok(!step.includes("TEMP B-TREE"), `${name} by ${order}: ${step}`);
          assert.match(step, /USING (COVERING |PRIMARY )?(INDEX|KEY)/, `${name} by ${order}: ${step}`);
        }
      }
    }
    db.close();
  });

  test("is unavailable once it is closed", async () => {
    const store = testStore(testClock(), path);
    store.close();
    await assert.rejects(store.records.get("keys", "a"), Unavailable);
    await assert.rejects(store.publisher.publish("mail-send", { data: 1, attributes: {} }), Unavailable);
  });

  test("loses no count if four processes open it at once and count together", { timeout: 240_000 }, async () => {
    const workers = Array.from({ length: 4 }, () =>
      spawn(process.execPath, [WORKER, "increment", path], { stdio: ["ignore", "ignore", "inherit"] }),
    );
    const codes = await Promise.all(workers.map(async (worker) => (await once(worker, "exit"))[0]));
    assert.deepEqual(codes, [0, 0, 0, 0]);
    const store = testStore(testClock(), path);
    assert.equal((await store.records.get("keys", "counter"))?.value.createdAtMs, 100);
    store.close();
  });

  test("has everything that was answered after a SIGKILL, and resumes claimed messages at once", {
    timeout: 240_000,
  }, async () => {
    const worker = spawn(process.execPath, [WORKER, "accept", path], { stdio: ["ignore", "pipe", "inherit"] });
    let answered = -1;
    for await (const line of createInterface({ input: worker.stdout })) {
      answered = Number(line);
      if (answered === 40) worker.kill("SIGKILL");
    }
    assert.ok(answered >= 40);
    const clock = testClock(Date.now());
    const store = testStore(clock, path);
    store.queue.releaseLeases();
    const waiting = new Set((await store.queue.claim(10_000, 1_000)).map(({ message }) => message.data));
    for (let at = 0; at <= answered; at += 1) {
      assert.equal((await store.records.get("keys", `k${at}`))?.value.createdAtMs, at);
      assert.ok(waiting.has(at), `message ${at} waits`);
    }
    store.close();
  });
});

describe("the sweep", () => {
  test("erases exactly the records whose time has come", async () => {
    const store = testStore();
    const entry = (eraseAtMs: number) => ({
      createdAtMs: 1,
      actor: "a",
      action: "b",
      target: "c",
      detail: {},
      eraseAtMs,
    });
    await store.records.commit([
      { op: "create", kind: "audit", id: "past", value: entry(99) },
      { op: "create", kind: "audit", id: "now", value: entry(100) },
      { op: "create", kind: "audit", id: "ahead", value: entry(101) },
      { op: "create", kind: "serverNames", id: "never", value: { serverId: "srv_1" } },
    ]);
    assert.equal(store.eraseExpired(100), 2);
    assert.equal(await store.records.get("audit", "past"), undefined);
    assert.equal(await store.records.get("audit", "now"), undefined);
    assert.ok(await store.records.get("audit", "ahead"));
    assert.ok(await store.records.get("serverNames", "never"));
    assert.equal(store.eraseExpired(100), 0);
    store.close();
  });
});
