import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { DAY, HOUR, MINUTE } from "../../../functions/domain/clock.ts";
import { Unavailable } from "../../../functions/domain/problem.ts";
import { homeOf } from "../../../functions/domain/secret-vault.ts";
import { ACTS, killEverywhere } from "./kill-points.ts";
import { type TwoHomedWorld, twoHomedWorld } from "./two-homes.ts";
import { SERVER, SIBLING } from "./walk.ts";

const ADA = "ada@example.com";
const HOMES = ["secrets", "sealed"] as const;
const other = (home: "secrets" | "sealed") => (home === "secrets" ? "sealed" : "secrets");

const homeIn = async (world: TwoHomedWorld, id: string): Promise<string | null> => {
  const connection = await world.connection(id);
  return connection.state === "not_connected" ? null : homeOf(connection.grant.secretVersion);
};

const recordVersionOf = async (world: TwoHomedWorld): Promise<number | undefined> =>
  (await world.store.records.get("mailServers", SERVER))?.value.recordVersion;

/** The pointer leads to a token that Google accepts, and nothing else is stored. */
const assertWhole = async (world: TwoHomedWorld, id: string): Promise<void> => {
  await world.settle();
  await world.assertSound(id);
  await world.assertNoOrphan(id);
  assert.doesNotMatch(await world.stored(id), /refresh-\d/, "no token is stored in clear");
  if ((await world.state(id)) === "not_connected") return;
  assert.equal(await homeIn(world, id), await world.deps.vault.home());
  world.clock.advance(DAY);
  await world.check(id);
  assert.ok((await world.obtain(id)).ok, `${id} still has its grant`);
};

describe("moving refresh tokens", () => {
  it("goes from Secret Manager to the records and back, and says in the record who may change it", async () => {
    const world = await twoHomedWorld();
    for (const id of [SERVER, SIBLING]) await world.connect(id);
    for (const [setting, home, version] of [
      ["sealed", "sealed.1", 2],
      ["secrets", "secrets", undefined],
      ["sealed", "sealed.1", 2],
    ] as const) {
      world.setting.refreshTokens = setting;
      assert.ok((await world.obtain(SERVER)).ok, "readers follow the pointer, whatever the setting");
      await world.move();
      for (const id of [SERVER, SIBLING]) {
        assert.equal(await homeIn(world, id), home);
        await world.assertNoOrphan(id);
      }
      assert.equal(await recordVersionOf(world), version);
      await assertWhole(world, SERVER);
    }
    await world.disconnect(SERVER);
    assert.equal(await recordVersionOf(world), undefined);
    await assertWhole(world, SERVER);
    world.close();
  });

  it("is not a change of the grant: nothing is told, and no cached token is lost", async () => {
    const world = await twoHomedWorld();
    await world.connect(SERVER);
    const [before, told] = [await world.connection(SERVER), world.announced.length];
    assert.ok((await world.obtain(SERVER)).ok);
    const { refreshes } = world.google;
    world.setting.refreshTokens = "sealed";
    await world.move();
    assert.ok((await world.obtain(SERVER)).ok);
    assert.equal(world.google.refreshes, refreshes);
    assert.equal(world.announced.length, told);
    const after = await world.connection(SERVER);
    assert.ok(before.state === "valid" && after.state === "valid");
    assert.deepEqual({ ...after.grant, secretVersion: "" }, { ...before.grant, secretVersion: "" });
    world.close();
  });

  it("moves the tokens of ended grants, too, which Google may revive", async () => {
    const world = await twoHomedWorld();
    await world.connect(SERVER);
    world.google.revokeAccess(ADA);
    await world.check(SERVER);
    assert.equal(await world.state(SERVER), "reconnect_required");
    world.setting.refreshTokens = "sealed";
    await world.move();
    assert.equal(await homeIn(world, SERVER), "sealed.1");
    await world.assertSound(SERVER);
    world.close();
  });

  it("seals again under a new key, so that the old one may go", async () => {
    const world = await twoHomedWorld("sealed");
    for (const id of [SERVER, SIBLING]) await world.connect(id);
    world.turning.add();
    await world.move();
    assert.equal(await homeIn(world, SERVER), "sealed.2");
    assert.equal(await homeIn(world, SIBLING), "sealed.2");
    world.turning.takeAway("1");
    await assertWhole(world, SERVER);
    await assertWhole(world, SIBLING);
    world.close();
  });

  it("takes no grant for lost while its key is disabled, but does once the key is gone", async () => {
    const world = await twoHomedWorld("sealed");
    for (const id of [SERVER, SIBLING]) await world.connect(id);
    world.turning.add();
    world.turning.disable("1");
    world.clock.advance(DAY);
    await world.move();
    await assert.rejects(world.check(SERVER), Unavailable);
    assert.equal(await world.state(SERVER), "valid");
    assert.equal(await homeIn(world, SERVER), "sealed.1", "it could not be moved");
    world.turning.enable("1");
    await assertWhole(world, SERVER);
    world.turning.add();
    for (const kid of ["1", "2"]) world.turning.takeAway(kid);
    await world.check(SERVER);
    const connection = await world.connection(SERVER);
    assert.ok(connection.state === "reconnect_required" && connection.reason === "secret_missing");
    assert.equal((await world.connect(SERVER)).kind, "connected");
    await assertWhole(world, SERVER);
    world.close();
  });

  it("finds what a function with the former setting stored after the first walk, within two hours", async () => {
    const world = await twoHomedWorld();
    await world.connect(SERVER);
    world.setting.refreshTokens = "sealed";
    await world.move();
    world.setting.refreshTokens = "secrets";
    await world.connect(SIBLING);
    world.setting.refreshTokens = "sealed";
    await world.move();
    assert.equal(await homeIn(world, SIBLING), "secrets", "the walk is over");
    world.clock.advance(2 * HOUR);
    await world.move();
    assert.equal(await homeIn(world, SIBLING), "sealed.1");
    world.close();
  });

  it("leaves a token where it is while the other home cannot be reached, and moves it later", async () => {
    const world = await twoHomedWorld("sealed");
    await world.connect(SERVER);
    world.setting.refreshTokens = "secrets";
    const { add } = world.deps.vault;
    world.deps.vault.add = async () => {
      throw new Unavailable("keep a secret", { cause: new Error("PERMISSION_DENIED") });
    };
    await world.move();
    assert.equal(await homeIn(world, SERVER), "sealed.1");
    await world.assertSound(SERVER);
    world.deps.vault.add = add;
    await assertWhole(world, SERVER);
    world.close();
  });

  it("does not create a secret for what Google replaces: few functions may", async () => {
    const world = await twoHomedWorld("sealed");
    await world.connect(SERVER);
    world.setting.refreshTokens = "secrets";
    world.google.rotates = true;
    world.clock.advance(HOUR);
    assert.ok((await world.obtain(SERVER)).ok);
    assert.equal(await homeIn(world, SERVER), "sealed.1");
    await assertWhole(world, SERVER);
    world.close();
  });
});

describe("moving many tokens", () => {
  it("goes on where the last tick stopped, and costs one read a tick when all are at home", async () => {
    const world = await twoHomedWorld("sealed");
    await world.connect(SERVER);
    const template = await world.store.records.get("mailServers", SERVER);
    assert.ok(template);
    const ids = Array.from({ length: 330 }, (_, at) => `srv_many_${at}`);
    const { connection } = template.value;
    assert.ok(connection.state === "valid");
    for (const [at, id] of ids.entries()) {
      const name = { kind: "refresh_token", serverId: id } as const;
      const token = world.google.issueRefreshToken(`many-${at}@example.com`);
      const grant = { ...connection.grant, secretVersion: await world.store.vault.add(name, token), sub: id };
      const value = {
        ...template.value,
        name: id,
        accountSub: id,
        createdAtMs: at,
        connection: { ...connection, grant },
      };
      await world.store.records.commit([{ op: "create", kind: "mailServers", id, value }]);
    }
    const moved = async () =>
      (await Promise.all(ids.map(async (id) => (await homeIn(world, id)) === "sealed.1"))).filter(Boolean).length;
    const counts: number[] = [];
    for (let tick = 0; tick < 5; tick += 1) {
      await world.move();
      counts.push(await moved());
    }
    assert.deepEqual(counts, [100, 200, 300, 330, 330]);
    let reads = 0;
    const { get } = world.deps.records;
    world.deps.records.get = (...of) => {
      reads += 1;
      return get(...of);
    };
    await world.move();
    assert.equal(reads, 1);
    for (const id of ids.slice(0, 3)) await world.assertSound(id);
    world.close();
  });
});

/** What may happen to a server while its token is moved. */
const MEANWHILE: Readonly<Record<string, (world: TwoHomedWorld) => Promise<unknown>>> = {
  "a reconnection": (world) => world.connect(SERVER),
  "a connection with another account": (world) => world.connect(SERVER, "grace@example.com"),
  "a refresh": (world) => world.obtain(SERVER),
  "a check": (world) => world.check(SERVER),
  "a disconnection": (world) => world.disconnect(SERVER),
  "a disconnection and a new connection": async (world) => {
    await world.disconnect(SERVER);
    await world.connect(SERVER);
  },
  "a deletion": (world) => world.remove(SERVER),
  "a sweep": (world) => world.sweep(),
  "another move": (world) => world.move(),
  "a move back": async (world) => {
    const before = world.setting.refreshTokens;
    world.setting.refreshTokens = other(before);
    await world.move();
    world.setting.refreshTokens = before;
    await world.move();
  },
};

const REFRESHING = ["a refresh", "a check", "another move"];

/** A connected server whose token is about to be moved, at a Google that replaces tokens at each refresh or never. */
const prepared = async (to: "secrets" | "sealed", rotates: boolean): Promise<TwoHomedWorld> => {
  const world = await twoHomedWorld(other(to));
  await world.connect(SERVER);
  world.google.rotates = rotates;
  world.google.endsRotated = rotates;
  world.clock.advance(HOUR);
  world.setting.refreshTokens = to;
  return world;
};

const assertNothingLost = async (world: TwoHomedWorld): Promise<void> => {
  if (await world.exists(SERVER)) return assertWhole(world, SERVER);
  await world.settle();
  await world.assertNoOrphan(SERVER);
  assert.equal(world.google.living(ADA), 0, "what was deleted is revoked");
};

/** Runs `inner` from beginning to end within `outer`, before each of its writes. Returns how many points there were. */
const interleaveEverywhere = async (
  start: () => Promise<TwoHomedWorld>,
  outer: (world: TwoHomedWorld) => Promise<unknown>,
  inner: (world: TwoHomedWorld) => Promise<unknown>,
): Promise<number> => {
  for (let point = 0; ; point += 1) {
    const world = await start();
    try {
      world.death.writes = 0;
      Object.assign(world.meanwhile, { afterWrite: point, act: () => inner(world), done: false });
      await outer(world);
      if (!world.meanwhile.done) return point;
      await assertNothingLost(world);
    } finally {
      world.close();
    }
  }
};

describe("whatever happens to a server while its token is moved", () => {
  for (const to of HOMES)
    for (const [name, act] of Object.entries(MEANWHILE))
      for (const rotates of REFRESHING.includes(name) ? [false, true] : [false])
        it(`${name} in the middle of a move to ${to}${rotates ? ", with tokens that work once" : ""}, or the move in the middle of that, loses nothing`, async () => {
          const start = () => prepared(to, rotates);
          const within = await interleaveEverywhere(start, (world) => world.move(), act);
          assert.ok(within >= 6, `${within} points`);
          await interleaveEverywhere(start, act, (world) => world.move());
        });
});

describe("a token that is refreshed while it is moved", () => {
  for (const to of HOMES)
    it(`goes to ${to} in the same tick, wherever the refresh comes`, async () => {
      for (let point = 0; ; point += 1) {
        const world = await prepared(to, true);
        try {
          world.death.writes = 0;
          Object.assign(world.meanwhile, { afterWrite: point, act: () => world.obtain(SERVER), done: false });
          await world.move();
          if (!world.meanwhile.done) break;
          assert.equal(await homeIn(world, SERVER), await world.deps.vault.home(), `after write ${point}`);
        } finally {
          world.close();
        }
      }
    });

  it("is said to be left if that happens at each try, and no walk calls itself complete", async () => {
    const world = await prepared("secrets", true);
    const said: string[] = [];
    const say = (code: string, { why }: Readonly<Record<string, unknown>> = {}): void => {
      said.push(why === undefined ? code : `${code} ${String(why)}`);
    };
    Object.assign(world.deps.log, { info: say, warn: say });
    const { add } = world.deps.vault;
    let refreshing = false;
    world.deps.vault.add = async (...secret) => {
      const version = await add(...secret);
      if (refreshing) return version;
      refreshing = true;
      world.clock.advance(HOUR);
      assert.ok((await world.obtain(SERVER)).ok);
      refreshing = false;
      return version;
    };
    await world.move();
    assert.equal(await homeIn(world, SERVER), "sealed.1");
    assert.deepEqual(said, ["refresh_token_not_moved changed", "refresh_tokens_moving"]);
    world.deps.vault.add = add;
    world.clock.advance(2 * HOUR);
    await world.move();
    assert.equal(await homeIn(world, SERVER), "secrets");
    assert.equal(said.at(-1), "refresh_tokens_at_home");
    await assertWhole(world, SERVER);
    world.close();
  });
});

describe("a process that dies while tokens have two homes", () => {
  for (const name of Object.keys(ACTS))
    it(`leaves a server either as before or as after, when ${name}, with sealed tokens`, async () => {
      assert.ok((await killEverywhere(name, () => twoHomedWorld("sealed"))) >= 1);
    });

  for (const to of HOMES)
    it(`leaves a token readable after each write of a move to ${to}, and the next ticks finish it`, async () => {
      for (let point = 0; ; point += 1) {
        const world = await prepared(to, false);
        world.death.writes = 0;
        world.death.afterWrite = point;
        await world.move().catch(() => undefined);
        world.death.afterWrite = Number.POSITIVE_INFINITY;
        await world.assertSound(SERVER);
        world.clock.advance(HOUR);
        assert.ok((await world.obtain(SERVER)).ok, `after write ${point}`);
        await assertWhole(world, SERVER);
        world.close();
        if (!world.death.died) {
          assert.ok(point >= 5, `${point} points`);
          break;
        }
      }
    });
});

describe("moves in any order with everything else", () => {
  const STEPS: Readonly<Record<string, (world: TwoHomedWorld, id: string) => Promise<unknown>>> = {
    connect: (world, id) => world.connect(id),
    obtain: (world, id) => world.obtain(id),
    check: (world, id) => world.check(id),
    disconnect: (world, id) => world.disconnect(id),
    atOnce: (world, id) => Promise.all([world.move(), world.obtain(id), world.check(id)]),
    moveAndConnect: (world, id) => Promise.all([world.move(), world.connect(id)]),
    moveAndDisconnect: (world, id) => Promise.all([world.move(), world.disconnect(id)]),
    move: (world) => world.move(),
    hourPasses: async (world) => world.clock.advance(HOUR),
    sweepLater: async (world) => {
      world.clock.advance(5 * MINUTE);
      await world.sweep();
    },
    toSealed: async (world) => {
      world.setting.refreshTokens = "sealed";
    },
    toSecrets: async (world) => {
      world.setting.refreshTokens = "secrets";
    },
    newKey: async (world) => world.turning.add(),
    rotateFromNowOn: async (world) => {
      world.google.rotates = true;
    },
  };

  it("lose no token and leave none behind", async () => {
    const step = fc.tuple(fc.constantFrom(...Object.keys(STEPS)), fc.constantFrom(SERVER, SIBLING));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
        const world = await twoHomedWorld();
        try {
          for (const [name, id] of steps) {
            const before = { [SERVER]: await world.state(SERVER), [SIBLING]: await world.state(SIBLING) };
            await STEPS[name]?.(world, id);
            for (const server of [SERVER, SIBLING] as const) {
              await world.assertSound(server);
              const to = await world.state(server);
              if (before[server] === "valid") assert.ok(to === "valid" || /isconnect/.test(name), `${name}: ${to}`);
            }
          }
          for (const server of [SERVER, SIBLING]) await assertWhole(world, server);
        } finally {
          world.close();
        }
      }),
      { numRuns: 50 },
    );
  });
});
