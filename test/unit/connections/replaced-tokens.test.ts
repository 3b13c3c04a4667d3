import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HOUR } from "../../../functions/domain/clock.ts";
import { accessTokens } from "../../../functions/domain/connections/tokens/access-token.ts";
import type { ProbeStage } from "../../../functions/domain/google/transports.ts";
import { type Grant, grantOf } from "../../../functions/domain/mail-servers/mail-server.ts";
import { testConnection } from "../../../functions/domain/mail-servers/test-connection.ts";
import { newWorld, SERVER, type World } from "./walk.ts";

const connected = async (): Promise<World> => {
  const world = await newWorld();
  await world.declare("production");
  await world.connect(SERVER);
  world.clock.advance(2 * HOUR);
  return world;
};

const grantIn = async (world: World): Promise<Grant> => {
  const grant = grantOf({ connection: await world.connection(SERVER) });
  assert.ok(grant);
  return grant;
};

const serverIn = async (world: World) => {
  const server = await world.deps.records.get("mailServers", SERVER);
  assert.ok(server);
  return server;
};

const refuse = async (world: World): Promise<void> => {
  const { value, version } = await serverIn(world);
  const connection = { state: "error", reason: "gmail_refused", grant: await grantIn(world), sinceMs: 1 } as const;
  const after = { ...value, connection };
  await world.deps.records.commit([{ op: "replace", kind: "mailServers", id: SERVER, version, value: after }]);
};

const PASSED: readonly ProbeStage[] = (["dns", "tls", "auth", "envelope"] as const).map((stage) => ({
  stage,
  ok: true,
  ms: 1,
}));

/** Test connection, during whose probe something else may happen. */
const test = async (world: World, during = async (): Promise<unknown> => undefined) => {
  const probe = async () => {
    await during();
    return PASSED;
  };
  const deps = {
    ...world.deps,
    tokens: accessTokens(world.deps),
    transports: { smtp: { probe }, gmail_api: { probe } },
  };
  const stages = await testConnection(deps, await serverIn(world));
  return stages?.every(({ problem }) => problem === null);
};

describe("a test that passes with a token that came with a new refresh token", () => {
  const ways = { replaces: { rotates: true }, repeats: { repeatsToken: true }, "keeps back": {} };
  for (const [what, way] of Object.entries(ways)) {
    it(`ends a refusal and verifies the grant, if Google ${what} the refresh token`, async () => {
      const world = await connected();
      Object.assign(world.google, way);
      await refuse(world);
      assert.equal(await test(world), true);
      assert.equal(await world.state(SERVER), "valid");
      assert.equal((await grantIn(world)).lastVerifiedAtMs, world.clock.nowMs());
      await world.assertNoOrphan(SERVER);
      world.close();
    });
  }

  it("ends a refusal even if another process gets a new refresh token during the test", async () => {
    const world = await connected();
    world.google.rotates = true;
    await refuse(world);
    assert.equal(await test(world, () => world.check(SERVER)), true);
    assert.equal(await world.state(SERVER), "valid");
    assert.equal((await grantIn(world)).generation, 3);
    await world.assertSound(SERVER);
    world.close();
  });

  it("says nothing about a grant that replaced the tested one during the test", async () => {
    const world = await connected();
    const provenAtMs = world.clock.nowMs() + HOUR;
    assert.equal(
      await test(world, async () => {
        world.clock.advance(HOUR);
        await world.connect(SERVER);
        world.clock.advance(HOUR);
      }),
      true,
    );
    assert.equal((await grantIn(world)).lastVerifiedAtMs, provenAtMs);
    world.close();
  });
});

describe("a refresh answer that repeats the refresh token", () => {
  it("replaces nothing, and costs no more than one without it", async () => {
    const world = await connected();
    world.death.writes = 0;
    assert.ok((await world.obtain(SERVER)).ok);
    const cost = world.death.writes;
    const before = await grantIn(world);
    world.google.repeatsToken = true;
    for (const use of [world.obtain, world.check]) {
      world.clock.advance(2 * HOUR);
      await use(SERVER);
      const { secretVersion, generation, tokenMarks } = await grantIn(world);
      assert.deepEqual({ ...before, secretVersion, generation, tokenMarks }, before);
    }
    world.clock.advance(2 * HOUR);
    world.death.writes = 0;
    await world.obtain(SERVER);
    assert.equal(world.death.writes, cost);
    await world.assertNoOrphan(SERVER);
    world.close();
  });
});
