import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { DAY } from "../../../functions/domain/clock.ts";
import type { TopicMessage } from "../../../functions/domain/publisher.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import { firstSettings, SETTINGS_ID } from "../../../functions/domain/settings/read-settings.ts";
import type { PushMessage } from "../../../functions/runtime/event-edge.ts";
import { onPush } from "../../../functions/runtime/handlers/refresh-tokens.ts";
import type { System } from "../../../functions/runtime/system.ts";
import { type TestClock, testClock } from "../../builders/clock.ts";
import { type LoggedLine, testSystem } from "../../builders/edge.ts";
import { grant, mailServer } from "../../builders/mail-server.ts";
import { ModelGoogle } from "../../builders/model-google.ts";
import { testStore } from "../../builders/store.ts";

setFlagsFromString("--expose-gc");
const gc: () => void = runInNewContext("gc");
const heapUsed = (): number => {
  gc();
  return process.memoryUsage().heapUsed;
};

const push = (data: unknown): PushMessage => ({
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

interface World {
  readonly system: System;
  readonly clock: TestClock;
  readonly google: ModelGoogle;
  readonly published: TopicMessage[];
  readonly lines: LoggedLine[];
  close(): void;
}

/** So many connected servers, each due for a check. */
const dueServers = async (count: number): Promise<World> => {
  const clock = testClock();
  const base = testSystem();
  const store = testStore(clock);
  const google = new ModelGoogle(clock);
  const published: TopicMessage[] = [];
  const { records, vault } = store;
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
    clock,
    oauth: google,
    announce: async () => {},
    gmailAccount: { ...base.gmailAccount, sendAs: async () => "unavailable" },
    publisher: { publish: async (_topic, message) => void published.push(message) },
  };
  return { system, clock, google, published, lines: base.lines, close: () => store.close() };
};

/** A tick, and every check that it asks for. */
const sweep = async (count: number) => {
  const world = await dueServers(count);
  const counts = new Counts();
  const take = onPush(counted(world.system, counts));
  // What the test itself keeps of so many servers is no matter of the sweep's.
  const before = heapUsed();
  let heap = 0;
  await take(push({ tick: true }));
  assert.equal(world.published.length, count, "one message for each server");
  for (const [at, { data }] of world.published.entries()) {
    await take(push(data));
    if (at % 500 !== 499) continue;
    heap = Math.max(heap, heapUsed());
  }
  assert.equal(world.google.refreshes, count, "each grant was proven, once");
  world.published.length = 0;
  await take(push({ tick: true }));
  assert.equal(world.published.length, 0, "and nothing is due any more");
  world.close();
  return { counts, before, heap };
};

describe("a sweep of many servers that are due", () => {
  it("costs each server two reads and two writes, however many they are, and no more memory", {
    timeout: 120_000,
  }, async () => {
    const small = await sweep(1_000);
    const large = await sweep(10_000);
    for (const [count, { counts }] of [
      [1_000, small],
      [10_000, large],
    ] as const) {
      const { mailServers, accessTokens, serversDueForCheck, ...shared } = counts.reads;
      assert.equal(mailServers, count);
      assert.equal(accessTokens, count);
      assert.equal(counts.writes, 2 * count);
      assert.equal(counts.secretsRead, count + 1, "its refresh token, and once the client's secret");
      assert.equal(serversDueForCheck, Math.ceil(count / 100) + 1, "pages of a hundred");
      assert.deepEqual(shared, { settings: 1, oauthClients: 1, secretSweepsDue: 2 }, "what they share is read once");
    }
    const grown = large.heap - large.before - (small.heap - small.before);
    assert.ok(grown < small.heap * 0.2, `${small.heap} bytes, and ${grown} more for ten times as many`);
  });

  it("goes on where it was cut off, and a check that is asked for twice does no harm", async () => {
    const world = await dueServers(250);
    let left = 120;
    const dying: System = {
      ...world.system,
      publisher: {
        publish: async (topic, message) => {
          left -= 1;
          if (left < 0) throw new Error("killed");
          await world.system.publisher.publish(topic, message);
        },
      },
    };
    await assert.rejects(onPush(dying)(push({ tick: true })));
    assert.equal(world.published.length, 120);
    const take = onPush(world.system);
    for (const { data } of world.published.splice(0)) await Promise.all([take(push(data)), take(push(data))]);
    world.clock.advance(1);
    await take(push({ tick: true }));
    assert.equal(world.published.length, 130, "those that had not been asked for");
    for (const { data } of world.published.splice(0)) await take(push(data));
    await take(push({ tick: true }));
    assert.equal(world.published.length, 0);
    world.close();
  });

  it("marks no server while Google is down or refuses the client, and tries again within the half hour", async () => {
    const world = await dueServers(3);
    const take = onPush(world.system);
    for (const trouble of ["down", "rejectsClient"] as const) {
      world.google[trouble] = true;
      await take(push({ tick: true }));
      assert.equal(world.published.length, 3);
      for (const { data } of world.published.splice(0)) await take(push(data));
      world.google[trouble] = false;
      for (const at of [0, 1, 2]) {
        const server = await world.system.records.get("mailServers", `srv_${at}`);
        assert.equal(server?.value.connection.state, "valid");
      }
      const told = world.lines.splice(0).filter(({ severity }) => severity === "error");
      assert.deepEqual(
        told.map(({ code }) => code),
        trouble === "down" ? [] : ["oauth_client_rejected"],
        "one problem for the operators, however many servers it concerns",
      );
      world.clock.advance(30 * 60_000);
    }
    await take(push({ tick: true }));
    for (const { data } of world.published.splice(0)) await take(push(data));
    assert.equal(world.google.refreshes, 3);
    world.close();
  });
});
