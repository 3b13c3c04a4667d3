import assert from "node:assert/strict";
import { afterEach, beforeEach, suite, test } from "node:test";
import { HOUR } from "../../../functions/domain/clock.ts";
import { EMPTY_LEDGER } from "../../../functions/domain/messages/limits/room.ts";
import type { HeldBecause, Message, QuotaLedger } from "../../../functions/domain/messages/message.ts";
import { type Watched, watchMessage } from "../../../functions/domain/messages/views/wait.ts";
import { tellingChanges } from "../../../functions/domain/record-changes.ts";
import type { Records, Versioned } from "../../../functions/domain/records.ts";
import { defaultSettings, SETTINGS_ID } from "../../../functions/domain/settings/read-settings.ts";
import { grant, mailServer, validConnection } from "../../builders/mail-server.ts";
import { type MessageBench, messageBench, simpleMessage } from "../../builders/messages.ts";

let bench: MessageBench;
beforeEach(async () => {
  bench = messageBench();
  await bench.addServer("srv_ada", { limits: { perMinute: 2, perDay: 10 } });
});
afterEach(() => bench.close());

const held = async (because: HeldBecause): Promise<Versioned<Message>> => {
  const { id, value } = await bench.accepted(simpleMessage);
  const message: Message = { ...value, status: "held", because, dueAtMs: bench.clock.nowMs() + HOUR, sinceMs: 1 };
  const outcome = await bench.records.commit([{ op: "put", kind: "messages", id, value: message }]);
  assert.ok(outcome.done);
  bench.published.length = 0;
  return { id, value: message, version: outcome.versions[0] ?? "" };
};
const keepLedger = (changes: Partial<QuotaLedger>) =>
  bench.records.commit([{ op: "put", kind: "quotas", id: "srv_ada", value: { ...EMPTY_LEDGER, ...changes } }]);
/** Waits for ten seconds; `meanwhile` runs at the second-to-last look. */
const watch = (message: Versioned<Message>, meanwhile?: () => Promise<unknown>): Promise<Watched> => {
  let looks = 0;
  const sleep = async (ms: number) => {
    bench.clock.advance(ms);
    looks += 1;
    if (looks === 2) await meanwhile?.();
  };
  const signal = new AbortController().signal;
  return watchMessage({ ...bench, clock: { ...bench.clock, sleep } }, message, { seconds: 10, signal });
};
const sendIt =
  ({ id, value }: Versioned<Message>) =>
  async () => {
    const sent = { ...value, status: "sent", dueAtMs: null, finalAtMs: 1 } as const;
    return bench.records.commit([{ op: "put", kind: "messages", id, value: sent }]);
  };
const rooms = () => bench.published.filter(({ topic }) => topic === "mail-dispatch").map(({ message }) => message.data);

suite("A wait in the process that writes", () => {
  test("is told of a commit that was answered early once it is durable, and of none that never is", async () => {
    const message = await bench.accepted(simpleMessage);
    const disk = Promise.withResolvers<void>();
    let durable = (): Promise<void> => Promise.reject(new Error("the disk failed"));
    const { get, query } = bench.records;
    const early: Records["commit"] = async (writes) => ({ ...(await bench.records.commit(writes)), durable });
    const records = tellingChanges({ get, query, commit: early }, bench.changes);
    const told: string[] = [];
    bench.changes.watch("messages", message.id, ({ value }) => told.push(value.subject));
    const put = (subject: string) =>
      records.commit([{ op: "put", kind: "messages", id: message.id, value: { ...message.value, subject } }]);
    await put("lost");
    durable = () => disk.promise;
    await put("kept");
    assert.deepEqual(told, []);
    disk.resolve();
    await disk.promise;
    assert.deepEqual(told, ["kept"]);
  });

  test("ends with the write itself, without a look", async () => {
    const message = await bench.accepted(simpleMessage);
    const records = tellingChanges(bench.records, bench.changes);
    const { signal } = new AbortController();
    const never = new Promise<void>(() => undefined);
    const clock = { ...bench.clock, sleep: () => never };
    const watching = watchMessage({ ...bench, records, clock }, message, { seconds: 10, signal });
    const claimed = { ...message.value, status: "sending", phase: "claimed", fence: 1, dueAtMs: 1 } as const;
    await records.commit([{ op: "put", kind: "messages", id: message.id, value: claimed }]);
    const sent = { ...message.value, status: "sent", dueAtMs: null, finalAtMs: 1, eraseAtMs: 2 } as const;
    const outcome = await records.commit([{ op: "put", kind: "messages", id: message.id, value: sent }]);
    const { message: seen, ended } = await watching;
    assert.deepEqual([ended, seen.value.status], [true, "sent"]);
    assert.equal(seen.version, outcome.done ? outcome.versions[0] : "");
  });

  test("is not told of a commit that was refused", async () => {
    const message = await bench.accepted(simpleMessage);
    const records = tellingChanges(bench.records, bench.changes);
    const told: string[] = [];
    const end = bench.changes.watch("messages", message.id, ({ value }) => told.push(value.status));
    const write = { op: "replace", kind: "messages", id: message.id, value: message.value } as const;
    await records.commit([{ ...write, version: "0" }]);
    assert.deepEqual(told, []);
    await records.commit([{ ...write, version: message.version }]);
    assert.deepEqual(told, ["queued"]);
    end();
    await records.commit([{ op: "put", kind: "messages", id: message.id, value: message.value }]);
    assert.deepEqual(told, ["queued"]);
  });
});

suite("A wait for a message that is held", () => {
  const now = () => bench.clock.nowMs();
  const STANDING: readonly (readonly [string, () => Partial<QuotaLedger>])[] = [
    ["the minute is full", () => ({ entries: [{ atMs: now(), recipients: 2 }] })],
    ["the day is full", () => ({ entries: [{ atMs: now() - HOUR, recipients: 10 }] })],
    ["Gmail named its limit", () => ({ blockedUntilMs: now() + HOUR })],
    ["the room is promised to others", () => ({ promised: [{ id: "msg_other", atMs: now(), recipients: 2 }] })],
  ];
  for (const [what, ledger] of STANDING) {
    test(`is answered at once while ${what}`, async () => {
      const message = await held("limit_reached");
      await keepLedger(ledger());
      const { message: seen, ended } = await watch(message);
      assert.deepEqual([ended, seen.value.status], [true, "held"]);
      assert.deepEqual(rooms(), []);
    });
  }

  const LIFTED: readonly (readonly [string, () => Partial<QuotaLedger>])[] = [
    ["there is no count any more", () => ({})],
    [
      "the minute is over, and its line has not gone yet",
      () => ({ entries: [{ atMs: now() - HOUR, recipients: 2 }], lineSinceMs: 1 }),
    ],
    ["Gmail's limit is over", () => ({ blockedUntilMs: now() - 1, lineSinceMs: 1 })],
  ];
  for (const [what, ledger] of LIFTED) {
    test(`does not report a limit if ${what}: its line is released, and the wait goes on`, async () => {
      const message = await held("limit_reached");
      await keepLedger(ledger());
      const { message: seen, ended } = await watch(message, sendIt(message));
      assert.deepEqual([ended, seen.value.status], [true, "sent"]);
      assert.deepEqual(rooms(), [{ room: "srv_ada" }], "once");
    });
  }

  test("no longer reports a limit that the operator has raised", async () => {
    const message = await held("limit_reached");
    await keepLedger({ entries: [{ atMs: now(), recipients: 2 }] });
    assert.equal((await watch(message)).ended, true);
    await keepLedger({ entries: [{ atMs: now(), recipients: 2 }] });
    const raised = mailServer({
      connection: validConnection(),
      name: "srv_ada",
      limits: { perMinute: 50, perDay: 100 },
    });
    await bench.records.commit([{ op: "put", kind: "mailServers", id: "srv_ada", value: raised }]);
    assert.equal((await watch(message, sendIt(message))).message.value.status, "sent");
  });

  test("does not report a limit in error: the time runs out", async () => {
    const startMs = now();
    const { message: seen, ended } = await watch(await held("limit_reached"));
    assert.deepEqual([ended, seen.value.status, now() - startMs], [false, "held", 10_000]);
  });

  test("is answered while the server cannot send or all sending is paused, whatever the limit", async () => {
    const dead = mailServer({ connection: { state: "error", grant: grant(), reason: "gmail_refused", sinceMs: 1 } });
    const message = await held("limit_reached");
    const paused = { ...defaultSettings(bench.environment), paused: true };
    await bench.records.commit([{ op: "put", kind: "settings", id: SETTINGS_ID, value: paused }]);
    assert.equal((await watch(message)).ended, true);
    await bench.records.commit([{ op: "put", kind: "settings", id: SETTINGS_ID, value: { ...paused, paused: false } }]);
    await bench.records.commit([{ op: "put", kind: "mailServers", id: "srv_ada", value: dead }]);
    assert.equal((await watch(message)).ended, true);
    assert.equal((await watch({ ...message, value: { ...message.value, because: "paused" } as Message })).ended, true);
  });

  test("does not report a reconnect or a pause that is over either", async () => {
    for (const because of ["reconnect_required", "paused"] as const) {
      const message = await held(because);
      assert.equal((await watch(message, sendIt(message))).message.value.status, "sent");
    }
  });
});
