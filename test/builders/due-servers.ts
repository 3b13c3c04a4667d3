import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { DAY } from "../../functions/domain/clock.ts";
import type { TopicMessage } from "../../functions/domain/publisher.ts";
import type { Records } from "../../functions/domain/records.ts";
import { Secret } from "../../functions/domain/secret.ts";
import { firstSettings, SETTINGS_ID } from "../../functions/domain/settings/read-settings.ts";
import type { PushMessage } from "../../functions/runtime/event-edge.ts";
import { onPush } from "../../functions/runtime/handlers/refresh-tokens.ts";
import type { System } from "../../functions/runtime/system.ts";
import { type TestClock, testClock } from "./clock.ts";
import { type LoggedLine, testSystem } from "./edge.ts";
import { grant, mailServer } from "./mail-server.ts";
import { ModelGoogle } from "./model-google.ts";
import { testStore } from "./store.ts";

setFlagsFromString("--expose-gc");
const gc: () => void = runInNewContext("gc");
const heapUsed = (): number => {
  gc();
  return process.memoryUsage().heapUsed;
};

export const push = (data: unknown): PushMessage => ({
  data: Buffer.from(JSON.stringify(data)),
  attributes: {},
  messageId: "1",
  deliveryAttempt: 1,
});

/** What was asked of the store and the vault. */
class Counts {
  reads: Record<string, number> = {};
  writes = 0;
  secretsRead = 0;
  read(kind: string): void {
    this.reads[kind] = (this.reads[kind] ?? 0) + 1;
  }
}

const counted = (system: System, counts: Counts): System => ({
  ...system,
  records: {
    get: (kind, id) => {
      counts.read(kind);
      return system.records.get(kind, id);
    },
    query: (name, args, page) => {
      counts.read(name);
      return system.records.query(name, args, page);
    },
    commit: (writes) => {
      counts.writes += writes.length;
      return system.records.commit(writes);
    },
  },
  vault: {
    ...system.vault,
    read: (name, version) => {
      counts.secretsRead += 1;
      return system.vault.read(name, version);
    },
  },
});

export interface DueServers {
  readonly system: System;
  readonly clock: TestClock;
  readonly google: ModelGoogle;
  readonly published: TopicMessage[];
  readonly lines: LoggedLine[];
  close(): void;
}

/** So many connected servers, each due for a check; their records lie in SQLite in memory, unless elsewhere. */
export const dueServers = async (count: number, elsewhere?: Records): Promise<DueServers> => {
  const clock = testClock();
  const base = testSystem();
  const store = testStore(clock);
  const google = new ModelGoogle(clock);
  const published: TopicMessage[] = [];
  const { vault } = store;
  const records = elsewhere ?? store.records;
  const secretVersion = await vault.add({ kind: "client_secret" }, new Secret("client secret"));
  const gmailCredentials = { clientId: "client-1", secretVersion, configuredAtMs: 0 };
  const settings = { ...firstSettings(base.environment), gmailCredentials, publishingStatus: "production" } as const;
  await records.commit([{ op: "put", kind: "settings", id: SETTINGS_ID, value: settings }]);
  for (let at = 0; at < count; at += 1) {
    const id = `srv_${at}`;
    const email = `user${at}@example.com`;
    const pointer = await vault.add({ kind: "refresh_token", serverId: id }, google.gives(email));
    const times = { connectedAtMs: clock.nowMs() - DAY, lastVerifiedAtMs: clock.nowMs() - DAY };
    const held = grant({ ...times, email, sub: `sub-of-${email}`, secretVersion: pointer });
    const connection = { state: "valid", grant: held } as const;
    const value = mailServer({ name: id, username: email, connection, nextCheckAtMs: clock.nowMs() - 1 });
    await records.commit([{ op: "create", kind: "mailServers", id, value }]);
  }
  const system: System = {
    ...base,
    ...store,
    records,
    clock,
    oauth: google,
    announce: async () => {},
    alert: async () => {},
    gmailAccount: { ...base.gmailAccount, sendAs: async () => "unavailable" },
    publisher: { publish: async (_topic, message) => void published.push(message) },
  };
  return { system, clock, google, published, lines: base.lines, close: () => store.close() };
};

/** A tick, and every check that it asks for: what it costs. */
export const sweep = async (count: number, elsewhere?: Records) => {
  const world = await dueServers(count, elsewhere);
  const counts = new Counts();
  const take = onPush(counted(world.system, counts));
  // What the test itself keeps of so many servers is no matter of the sweep's.
  const before = heapUsed();
  const startedAtMs = performance.now();
  let heap = 0;
  await take(push({ tick: true }));
  assert.equal(world.published.length, count, "one message for each server");
  for (const [at, { data }] of world.published.entries()) {
    await take(push(data));
    if (at % 500 !== 499) continue;
    heap = Math.max(heap, heapUsed());
  }
  assert.equal(world.google.refreshes, count, "each grant was proven, once");
  const tookMs = performance.now() - startedAtMs;
  world.published.length = 0;
  await take(push({ tick: true }));
  assert.equal(world.published.length, 0, "and nothing is due any more");
  world.close();
  return { counts, before, heap, tookMs };
};
