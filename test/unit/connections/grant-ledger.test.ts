import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DAY } from "../../../functions/domain/clock.ts";
import { countGrant, livingGrants, rankOf } from "../../../functions/domain/connections/grant-ledger.ts";
import { Unavailable } from "../../../functions/domain/problem.ts";
import { testClock } from "../../builders/clock.ts";
import { newWorld, SERVER, SIBLING, type World } from "./walk.ts";

const clock = testClock();
const now = clock.nowMs();
const production = { publishingStatus: "production" } as const;

describe("the ledger of an account's grants", () => {
  it("counts what may still be alive: each server's latest grant whatever its age, and younger superseded ones", () => {
    const grants = [
      { atMs: now - 400 * DAY, serverId: "a" },
      { atMs: now - 300 * DAY, serverId: "b" },
      { atMs: now - 200 * DAY, serverId: null },
      { atMs: now - 20 * DAY, serverId: "a" },
      { atMs: now - DAY, serverId: "a" },
    ];
    const living = livingGrants(clock, { grants }, production).map(({ atMs }) => (now - atMs) / DAY);
    assert.deepEqual(living, [300, 20, 1]);
    const inTesting = livingGrants(clock, { grants }, { publishingStatus: "testing" });
    assert.deepEqual(
      inTesting.map(({ atMs }) => (now - atMs) / DAY),
      [300, 1],
    );
  });

  it("ranks a server by how many grants are as new as its own or newer", () => {
    const grants = ["a", "b", "a", "c", "c"].map((serverId, at) => ({ atMs: at, serverId }));
    assert.deepEqual(
      ["a", "b", "c", "d"].map((id) => rankOf(grants, id)),
      [3, 4, 1, 0],
    );
  });

  it("does not grow forever", () => {
    const grants = Array.from({ length: 500 }, () => ({ atMs: now, serverId: "a" }));
    const kept = { id: "x", version: "1", value: { grants } };
    const counted = countGrant(clock, { of: { clientId: "c", sub: "s" }, kept, declared: production }, "a");
    assert.equal(counted.grants.length, 200);
  });
});

describe("Google's cap of 100 grants", () => {
  const ADA = "ada@example.com";
  const connectTimes = async (world: World, id: string, times: number): Promise<void> => {
    for (let time = 0; time < times; time += 1) {
      world.clock.advance(60_000);
      assert.equal((await world.connect(id)).kind, "connected");
    }
  };
  const warned = (world: World, id: string) =>
    world.announced.filter(({ type, subject }) => type === "relais.server.expiring.v1" && subject === id);

  it("causes a warning from 80 on, once, on the server with one of the oldest grants and not on the newest", async () => {
    const world = await newWorld();
    await connectTimes(world, SERVER, 1);
    await connectTimes(world, SIBLING, 78);
    assert.equal(await world.state(SERVER), "valid");
    await connectTimes(world, SIBLING, 1);
    assert.equal(await world.state(SERVER), "expiring");
    assert.equal(await world.state(SIBLING), "valid");
    await connectTimes(world, SIBLING, 5);
    await world.check(SERVER);
    assert.equal(await world.state(SERVER), "expiring", "a check cannot take it back");
    assert.deepEqual(
      warned(world, SERVER).map(({ data }) => [data.reason, data.expiresAt]),
      [["token_cap", null]],
    );
    await connectTimes(world, SERVER, 1);
    assert.equal(await world.state(SERVER), "valid", "a reconnect can");
    world.close();
  });

  it("includes consents that led to nothing and could not be revoked without ending the account's other grants", async () => {
    const world = await newWorld();
    await connectTimes(world, SERVER, 1);
    const sibling = (await world.deps.records.get("mailServers", SIBLING)) ?? assert.fail("there is one");
    const value = { ...sibling.value, username: "grace@example.com" };
    const { id, version } = sibling;
    await world.deps.records.commit([{ op: "replace", kind: "mailServers", id, version, value }]);
    for (let time = 0; time < 79; time += 1) {
      assert.equal(await world.state(SERVER), "valid", `after ${time}`);
      world.clock.advance(60_000);
      assert.equal((await world.connect(SIBLING, ADA)).kind, "failed", "another account than the server's");
    }
    assert.equal(await world.state(SERVER), "expiring");
    assert.deepEqual(
      warned(world, SERVER).map(({ data }) => data.reason),
      ["token_cap"],
    );
    world.close();
  });

  it("does not make a successful connection look failed if the count cannot be read", async () => {
    const world = await newWorld();
    await connectTimes(world, SERVER, 79);
    const { query } = world.deps.records;
    world.deps.records.query = async () => {
      throw new Unavailable("query records", { cause: new Error("UNAVAILABLE") });
    };
    assert.equal((await world.connect(SERVER)).kind, "connected");
    world.deps.records.query = query;
    await world.assertSound(SERVER);
    await world.assertNoOrphan(SERVER);
    world.close();
  });

  it("is the reason if a grant dies after a hundred others followed it", async () => {
    const world = await newWorld();
    await connectTimes(world, SERVER, 1);
    await connectTimes(world, SIBLING, 100);
    world.google.endOldest(ADA, 100);
    await world.check(SERVER);
    const connection = await world.connection(SERVER);
    assert.ok(connection.state === "reconnect_required");
    assert.equal(connection.reason, "token_cap");
    world.close();
  });

  it("starts from zero after all the account's grants were revoked", async () => {
    const world = await newWorld();
    await connectTimes(world, SERVER, 1);
    await connectTimes(world, SIBLING, 79);
    await world.disconnect(SERVER);
    await world.disconnect(SIBLING);
    await connectTimes(world, SERVER, 1);
    await connectTimes(world, SIBLING, 1);
    assert.equal(await world.state(SERVER), "valid");
    world.close();
  });
});
