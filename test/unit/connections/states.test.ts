import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { DAY, HOUR, MINUTE } from "../../../functions/domain/clock.ts";
import type { ConnectionState } from "../../../functions/domain/connection-states.ts";
import { endGrant } from "../../../functions/domain/connections/endings/end-grant.ts";
import { movableClock } from "../../builders/clock.ts";
import { ACTS, killEverywhere } from "./kill-points.ts";
import { newWorld, SERVER, SIBLING, type World } from "./walk.ts";

type Step = (world: World, id: string) => Promise<unknown>;

/** What can happen to a server, and which states may follow from which (STATES.md). */
const STEPS: Readonly<Record<string, Step>> = {
  connect: (world, id) => world.connect(id),
  connectWrongAccount: (world, id) => world.connect(id, "grace@example.com"),
  connectWhileDown: async (world, id) => {
    world.google.down = true;
    await world.connect(id);
    world.google.down = false;
  },
  obtain: (world, id) => world.obtain(id),
  obtainByMany: (world, id) => Promise.all([world.obtain(id), world.obtain(id), world.check(id)]),
  check: (world, id) => world.check(id),
  checkWhileDown: async (world, id) => {
    world.google.down = true;
    await world.check(id);
    world.google.down = false;
  },
  checkWithRejectedClient: async (world, id) => {
    world.google.rejectsClient = true;
    await world.check(id);
    await world.obtain(id);
    world.google.rejectsClient = false;
  },
  disconnect: (world, id) => world.disconnect(id),
  takenBack: async (world) => world.google.revokeAccess("ada@example.com"),
  rotateFromNowOn: async (world) => {
    world.google.rotates = true;
  },
  hourPasses: async (world) => world.clock.advance(HOUR),
  dayPasses: async (world) => world.clock.advance(DAY),
  sweep: (world) => world.sweep(),
};

const DIES = ["obtain", "obtainByMany", "check"];
/** Google refuses the client until it issues a token again. */
const REFUSED = ["checkWithRejectedClient"];
const MOVES: Readonly<Record<ConnectionState, Readonly<Record<ConnectionState, readonly string[]>>>> = {
  not_connected: { not_connected: [], valid: ["connect"], expiring: [], error: [], reconnect_required: [] },
  valid: { not_connected: ["disconnect"], valid: [], expiring: [], error: REFUSED, reconnect_required: DIES },
  expiring: { not_connected: ["disconnect"], valid: [], expiring: [], error: REFUSED, reconnect_required: DIES },
  error: {
    not_connected: ["disconnect"],
    valid: ["connect", ...DIES],
    expiring: [],
    error: [],
    reconnect_required: DIES,
  },
  reconnect_required: {
    not_connected: ["disconnect"],
    valid: ["connect"],
    expiring: [],
    error: [],
    reconnect_required: [],
  },
};

describe("the states of a connection", () => {
  it("are left only by the moves of STATES.md, whatever happens in whatever order", async () => {
    const step = fc.tuple(fc.constantFrom(...Object.keys(STEPS)), fc.constantFrom(SERVER, SIBLING));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
        const world = await newWorld();
        try {
          for (const [name, id] of steps) {
            const before = { [SERVER]: await world.state(SERVER), [SIBLING]: await world.state(SIBLING) };
            await STEPS[name]?.(world, id);
            for (const server of [SERVER, SIBLING] as const) {
              const from = before[server] ?? assert.fail("both were looked at");
              const to = await world.state(server);
              const allowed = from === to || (server === id && MOVES[from][to].includes(name));
              assert.ok(allowed, `${name} on ${id} moved ${server} from ${from} to ${to}`);
              await world.assertSound(server);
              assert.ok((await world.secrets(server)).length <= 1, "one secret at most");
            }
          }
        } finally {
          world.close();
        }
      }),
      { numRuns: 120 },
    );
  });
});

describe("an answer without scopes", () => {
  it("means what was asked for; at a refresh it means what the grant had", async () => {
    const world = await newWorld();
    world.google.listsScopes = false;
    assert.equal((await world.connect(SERVER)).kind, "connected");
    const granted = async () => {
      const connection = await world.connection(SERVER);
      return connection.state === "valid" ? connection.grant.scopes : connection.state;
    };
    assert.deepEqual(await granted(), ["openid", "email", "https://mail.google.com/"]);
    world.clock.advance(DAY);
    await world.check(SERVER);
    assert.deepEqual(await granted(), ["openid", "email", "https://mail.google.com/"]);
    world.close();
  });
});

describe("a server whose refresh tokens work only once", () => {
  it("does not look dead when a check and a mail come at once", async () => {
    // This needs real time: whoever waits for another's change waits for its writes.
    const world = await newWorld(undefined, movableClock());
    await world.connect(SERVER);
    world.google.rotates = true;
    world.google.endsRotated = true;
    for (let day = 0; day < 5; day += 1) {
      world.clock.advance(DAY);
      const [checked, obtained, ...others] = await Promise.all([
        world.check(SERVER),
        world.obtain(SERVER),
        world.check(SERVER),
        world.obtain(SERVER),
      ]);
      assert.equal(await world.state(SERVER), "valid", JSON.stringify([checked, obtained, others]));
      assert.ok(obtained.ok);
      await world.assertSound(SERVER);
    }
    world.clock.advance(10 * MINUTE);
    await world.sweep();
    await world.assertNoOrphan(SERVER);
    world.close();
  });
});

describe("a disconnection that was interrupted after its write", () => {
  const cutOff = async (): Promise<World> => {
    const world = await newWorld();
    await world.connect(SERVER);
    world.death.writes = 0;
    world.death.afterWrite = 1;
    await assert.rejects(world.disconnect(SERVER));
    world.death.afterWrite = Number.POSITIVE_INFINITY;
    assert.equal(await world.state(SERVER), "not_connected");
    return world;
  };

  it("is completed by asking again", async () => {
    const world = await cutOff();
    world.google.down = true;
    await world.disconnect(SERVER);
    world.google.down = false;
    world.clock.advance(10 * MINUTE);
    assert.deepEqual(await world.disconnect(SERVER), { ok: true, value: { revoked: true, sharedWith: [] } });
    assert.equal(world.google.living("ada@example.com"), 0);
    await world.assertNoOrphan(SERVER);
    world.close();
  });

  it("revokes nothing if the account was connected again meanwhile, even to another server", async () => {
    for (const id of [SERVER, SIBLING]) {
      const world = await cutOff();
      await world.connect(id);
      world.clock.advance(10 * MINUTE);
      await world.sweep();
      assert.equal(await world.state(id), "valid");
      assert.ok((await world.obtain(id)).ok);
      await world.assertNoOrphan(SERVER);
      await world.assertNoOrphan(id);
      world.close();
    }
  });

  it("keeps the secret while Google cannot be reached, because revoking needs it", async () => {
    const world = await cutOff();
    world.google.down = true;
    world.clock.advance(10 * MINUTE);
    await world.sweep();
    assert.equal((await world.secrets(SERVER)).length, 1);
    world.google.down = false;
    world.clock.advance(10 * MINUTE);
    await world.sweep();
    assert.equal(world.google.living("ada@example.com"), 0);
    await world.assertNoOrphan(SERVER);
    world.close();
  });
});

describe("an account that Google disabled and enabled again", () => {
  /** Google reports that the account is disabled, then that it is enabled again, which triggers a check. */
  const disabled = async (): Promise<World> => {
    const world = await newWorld();
    await world.connect(SERVER);
    const { grant } = await living(world);
    const death = { reason: "account_disabled", by: "security_event", evidence: {} } as const;
    assert.ok(await endGrant(world.deps, { serverId: SERVER, secretVersion: grant.secretVersion }, death));
    return world;
  };
  const living = async (world: World) => {
    const connection = await world.connection(SERVER);
    return connection.state === "valid" ? connection : assert.fail(connection.state);
  };

  it("is valid again after a check, even if an outage comes first", async () => {
    const world = await disabled();
    world.google.down = true;
    await world.check(SERVER);
    assert.notEqual(await world.nextCheckAtMs(SERVER), null);
    world.google.down = false;
    world.clock.advance(HOUR);
    await world.check(SERVER);
    assert.equal(await world.state(SERVER), "valid");
    world.close();
  });

  it("is left to a person and checked no more if its grant died meanwhile", async () => {
    const world = await disabled();
    world.google.revokeAccess("ada@example.com");
    world.google.down = true;
    await world.check(SERVER);
    world.google.down = false;
    world.clock.advance(HOUR);
    await world.check(SERVER);
    assert.equal(await world.state(SERVER), "reconnect_required");
    assert.equal(await world.nextCheckAtMs(SERVER), null, "else every tick would ask Google, for ever");
    world.close();
  });
});

describe("a process that dies between two writes", () => {
  for (const name of Object.keys(ACTS)) {
    it(`leaves a server either as before or as after, when ${name}`, async () => {
      const points = await killEverywhere(name, () => newWorld());
      assert.ok(points >= 1, `it was killed at ${points} points`);
    });
  }
});
