import assert from "node:assert/strict";
import { describe, it } from "node:test";
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
    const world = await newWorld();
    await world.connect(SERVER);
    world.death.writes = 0;
    world.death.afterWrite = 1;
    await assert.rejects(world.disconnect(SERVER));
    world.death.afterWrite = Number.POSITIVE_INFINITY;
    world.google.refusesToRevoke = true;
    world.clock.advance(10 * MINUTE);
    await world.sweep();
    await world.assertNoOrphan(SERVER);
    assert.equal(await counted(world), 1);
    world.close();
  });

  it("is not reported as revoked by a second disconnection that finishes the first", async () => {
    const world = await newWorld();
    await world.connect(SERVER);
    world.death.writes = 0;
    world.death.afterWrite = 1;
    await assert.rejects(world.disconnect(SERVER));
    world.death.afterWrite = Number.POSITIVE_INFINITY;
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
