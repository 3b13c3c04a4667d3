import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate } from "node:timers/promises";
import { MINUTE } from "../../../functions/domain/clock.ts";
import { readGrantLedger } from "../../../functions/domain/connections/grant-ledger.ts";
import { newWorld, SERVER, SIBLING, type World } from "./walk.ts";

const ADA = "ada@example.com";

const giveAddress = async (world: World, id: string, username: string): Promise<void> => {
  const server = await world.deps.records.get("mailServers", id);
  assert.ok(server);
  const { version, value } = server;
  await world.deps.records.commit([{ op: "replace", kind: "mailServers", id, version, value: { ...value, username } }]);
};

/** How many living grants of Ada's account Relais counts. */
const counted = async (world: World): Promise<number> => {
  const of = { clientId: "client-1", sub: `sub-of-${ADA}` };
  return (await readGrantLedger(world.deps, of))?.value.grants.length ?? 0;
};

/** A server whose disconnection died after its first write. */
const disconnectionBrokenOff = async (): Promise<World> => {
  const world = await newWorld();
  await world.connect(SERVER);
  world.death.writes = 0;
  world.death.afterWrite = 1;
  await assert.rejects(world.disconnect(SERVER));
  world.death.afterWrite = Number.POSITIVE_INFINITY;
  return world;
};

describe("a token that Google refuses to revoke", () => {
  for (const [what, trouble] of [
    ["refuses the request", (world: World) => (world.google.refusesToRevoke = true)],
    ["cannot be reached", (world: World) => (world.google.down = true)],
  ] as const) {
    it(`is not reported as revoked by a disconnection if Google ${what}, and still counts`, async () => {
      const world = await newWorld();
      await world.connect(SERVER);
      trouble(world);
      assert.deepEqual(await world.disconnect(SERVER), { ok: true, value: { revoked: false, sharedWith: [] } });
      assert.equal(world.google.living(ADA), 1);
      assert.equal(await counted(world), 1, "it lives on at Google, up to its cap there");
      await world.assertNoOrphan(SERVER);
      world.close();
    });
  }

  it("is reported as revoked if Google says that it had ended already", async () => {
    const world = await newWorld();
    await world.connect(SERVER);
    world.google.revokeAccess(ADA);
    assert.deepEqual(await world.disconnect(SERVER), { ok: true, value: { revoked: true, sharedWith: [] } });
    assert.equal(await counted(world), 0);
    world.close();
  });

  it("does not keep the sweep from ending", async () => {
    const world = await disconnectionBrokenOff();
    world.google.refusesToRevoke = true;
    world.clock.advance(10 * MINUTE);
    await world.sweep();
    await world.assertNoOrphan(SERVER);
    assert.equal(await counted(world), 1);
    world.close();
  });

  it("is not reported as revoked by a second disconnection that finishes the first", async () => {
    const world = await disconnectionBrokenOff();
    world.google.refusesToRevoke = true;
    assert.deepEqual(await world.disconnect(SERVER), { ok: true, value: { revoked: false, sharedWith: [] } });
    await world.assertNoOrphan(SERVER);
    world.close();
  });

  it("is counted if it came from a consent of the wrong account", async () => {
    const world = await newWorld();
    await giveAddress(world, SIBLING, "grace@example.com");
    world.google.refusesToRevoke = true;
    const refused = await world.connect(SIBLING, ADA);
    assert.equal(refused.kind === "failed" && refused.problem.code, "account_mismatch");
    assert.equal(world.google.living(ADA), 1);
    assert.equal(await counted(world), 1);
    world.google.refusesToRevoke = false;
    await world.connect(SIBLING, ADA);
    assert.equal(world.google.living(ADA), 0);
    assert.equal(await counted(world), 0, "a revocation that works ends both");
    world.close();
  });
});

describe("a revocation while a consent of the same account is under way", () => {
  for (const [what, prepare, revoke] of [
    [
      "because another server was connected with the wrong account",
      (world: World) => giveAddress(world, SIBLING, "grace@example.com"),
      (world: World) => world.connect(SIBLING, ADA),
    ],
    [
      "because the account's only other server is disconnected",
      (world: World) => world.connect(SIBLING),
      (world: World) => world.disconnect(SIBLING),
    ],
  ] as const) {
    it(`${what}, leaves no dead grant that is not checked at the next tick`, async () => {
      let ended = 0;
      for (let write = 0; ; write += 1) {
        const world = await newWorld();
        await world.declare("production");
        await prepare(world);
        world.death.writes = 0;
        Object.assign(world.meanwhile, { afterWrite: write, act: () => revoke(world), done: false });
        await world.connect(SERVER);
        if (!world.meanwhile.done) break;
        if ((await world.state(SERVER)) === "valid" && world.google.living(ADA) === 0) {
          ended += 1;
          assert.ok(((await world.nextCheckAtMs(SERVER)) ?? Number.POSITIVE_INFINITY) <= world.clock.nowMs());
          await world.check(SERVER);
          assert.equal(await world.state(SERVER), "reconnect_required");
        }
        world.close();
      }
      assert.ok(ended > 0, "some revocation came in between");
    });
  }

  it("has a server checked that was connected between the revocation and its note", async () => {
    const world = await newWorld();
    await world.declare("production");
    await world.connect(SIBLING);
    const [revoked, connected] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const { exchangeCode, revoke } = world.deps.oauth;
    Object.assign(world.deps.oauth, {
      exchangeCode: async (...consent: Parameters<typeof exchangeCode>) => {
        const answer = await exchangeCode(...consent);
        await revoked.promise;
        return answer;
      },
      revoke: async (...token: Parameters<typeof revoke>) => {
        const answer = await revoke(...token);
        revoked.resolve();
        await connected.promise;
        return answer;
      },
    });
    const connecting = world.connect(SERVER).finally(connected.resolve);
    while (world.google.living(ADA) < 2) await setImmediate();
    await Promise.all([connecting, world.disconnect(SIBLING)]);
    assert.equal(await world.state(SERVER), "valid");
    assert.equal(world.google.living(ADA), 0);
    assert.equal(await world.nextCheckAtMs(SERVER), world.clock.nowMs());
    world.close();
  });

  it("that began afterwards, is checked no sooner than others", async () => {
    const world = await newWorld();
    await world.declare("production");
    await world.connect(SERVER);
    await world.disconnect(SERVER);
    world.clock.advance(MINUTE);
    await world.connect(SERVER);
    assert.ok(((await world.nextCheckAtMs(SERVER)) ?? 0) > world.clock.nowMs());
    world.close();
  });
});
