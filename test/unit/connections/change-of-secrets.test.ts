import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HOUR, MINUTE } from "../../../functions/domain/clock.ts";
import { Unavailable } from "../../../functions/domain/problem.ts";
import { newWorld, SERVER, type World } from "./walk.ts";

const ADA = "ada@example.com";
const GRACE = "grace@example.com";

/** The server is taken from Ada's account, and the process dies before it can revoke her grant. */
const cutOff = async (): Promise<World> => {
  const world = await newWorld();
  await world.connect(SERVER);
  world.death.writes = 0;
  world.death.afterWrite = 1;
  await assert.rejects(world.disconnect(SERVER));
  world.death.afterWrite = Number.POSITIVE_INFINITY;
  return world;
};

/** The server is given to another account. */
const connectTo = async (world: World, username: string): Promise<void> => {
  const server = await world.deps.records.get("mailServers", SERVER);
  assert.ok(server);
  const value = { ...server.value, username };
  const { version } = server;
  await world.deps.records.commit([{ op: "replace", kind: "mailServers", id: SERVER, version, value }]);
  assert.equal((await world.connect(SERVER, username)).kind, "connected");
};

/** The function may not destroy secrets, or the vault cannot be reached. */
const withoutDestroying = async (world: World, work: () => Promise<unknown>): Promise<void> => {
  const { destroy } = world.deps.vault;
  world.deps.vault.destroy = async () => {
    throw new Unavailable("destroy a secret", { cause: new Error("PERMISSION_DENIED") });
  };
  await work();
  world.deps.vault.destroy = destroy;
};

const swept = async (world: World): Promise<void> => {
  world.clock.advance(10 * MINUTE);
  await world.sweep();
  await world.assertNoOrphan(SERVER);
};

describe("a reconnect whose former secret cannot be destroyed at once", () => {
  it("succeeds and says so; the sweep destroys the secret", async () => {
    const world = await newWorld();
    await world.connect(SERVER);
    await withoutDestroying(world, async () =>
      assert.equal((await world.connect(SERVER)).kind, "connected", "what the person sees is what is so"),
    );
    assert.equal((await world.secrets(SERVER)).length, 2);
    await swept(world);
    assert.equal(await world.state(SERVER), "valid");
    world.close();
  });
});

describe("a revocation that a crash left undone", () => {
  it("uses that account's token, not another's that must be destroyed as well", async () => {
    const world = await cutOff();
    await connectTo(world, GRACE);
    world.google.rotates = true;
    world.clock.advance(HOUR);
    await withoutDestroying(world, () => world.obtain(SERVER));
    world.google.rotates = false;
    assert.equal((await world.secrets(SERVER)).length, 3, "Ada's, Grace's superseded one, Grace's");
    await swept(world);
    assert.equal(world.google.living(ADA), 0);
    assert.ok(world.google.living(GRACE) > 0);
    world.clock.advance(HOUR);
    assert.ok((await world.obtain(SERVER)).ok);
    world.close();
  });

  it("is still made if another account is connected and disconnected before the sweep", async () => {
    const world = await cutOff();
    await connectTo(world, GRACE);
    await world.disconnect(SERVER);
    assert.equal(world.google.living(GRACE), 0);
    await swept(world);
    assert.equal(world.google.living(ADA), 0);
    world.close();
  });

  it("does not destroy a secret that is just being added", async () => {
    const world = await cutOff();
    const { add } = world.deps.vault;
    world.deps.vault.add = async (...secret) => {
      const version = await add(...secret);
      // Nothing points to it yet.
      await world.disconnect(SERVER);
      return version;
    };
    assert.equal((await world.connect(SERVER)).kind, "connected");
    world.deps.vault.add = add;
    await world.assertSound(SERVER);
    assert.ok((await world.obtain(SERVER)).ok);
    await swept(world);
    assert.equal(await world.state(SERVER), "valid");
    world.clock.advance(HOUR);
    assert.ok((await world.obtain(SERVER)).ok);
    world.close();
  });
});
