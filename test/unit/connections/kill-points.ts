import assert from "node:assert/strict";
import { HOUR, MINUTE } from "../../../functions/domain/clock.ts";
import type { ConnectionState } from "../../../functions/domain/mail-servers/mail-server.ts";
import { SERVER, type World } from "./walk.ts";

const ADA = "ada@example.com";

interface Act {
  readonly before: (world: World) => Promise<unknown>;
  readonly act: (world: World) => Promise<unknown>;
  readonly after: ConnectionState | "deleted";
  /** It is to end the account's grants at Google too. */
  readonly revokes?: true;
}

const connect = (world: World) => world.connect(SERVER);

/** What changes a server's secrets, or its word on them. */
export const ACTS: Readonly<Record<string, Act>> = {
  connecting: { before: async () => undefined, act: connect, after: "valid" },
  reconnecting: { before: connect, act: connect, after: "valid" },
  refreshing: {
    before: async (world) => {
      await connect(world);
      world.clock.advance(HOUR);
    },
    act: (world) => world.obtain(SERVER),
    after: "valid",
  },
  checking: {
    before: async (world) => {
      await connect(world);
      world.clock.advance(26 * HOUR);
    },
    act: (world) => world.check(SERVER),
    after: "valid",
  },
  rotating: {
    before: async (world) => {
      await connect(world);
      world.google.rotates = true;
      world.clock.advance(HOUR);
    },
    act: (world) => world.obtain(SERVER),
    after: "valid",
  },
  "rotating in a check": {
    before: async (world) => {
      await connect(world);
      world.google.rotates = true;
      world.clock.advance(26 * HOUR);
    },
    act: (world) => world.check(SERVER),
    after: "valid",
  },
  disconnecting: { before: connect, act: (world) => world.disconnect(SERVER), after: "not_connected", revokes: true },
  deleting: { before: connect, act: (world) => world.remove(SERVER), after: "deleted", revokes: true },
  "finding the grant dead": {
    before: async (world) => {
      await connect(world);
      world.google.takeBack(ADA);
    },
    act: (world) => world.check(SERVER),
    after: "reconnect_required",
  },
};

const stateOf = async (world: World): Promise<ConnectionState | "deleted"> =>
  (await world.exists(SERVER)) ? world.state(SERVER) : "deleted";

const assertSound = async (world: World): Promise<void> => {
  if (await world.exists(SERVER)) await world.assertSound(SERVER);
  assert.equal(
    await world.nameIsTaken("Facturation"),
    await world.exists(SERVER),
    "a name lives as long as its server",
  );
};

/** On the way from being connected to being gone a server may be found disconnected. */
const isBetween = (found: ConnectionState | "deleted", after: Act["after"]): boolean =>
  after === "deleted" && found === "not_connected";

/** What must hold once the tick has gone by, wherever the act was killed. */
const assertTidy = async (world: World, { after, revokes }: Act): Promise<void> => {
  world.clock.advance(10 * MINUTE);
  await world.sweep();
  await world.assertNoOrphan(SERVER);
  await assertSound(world);
  const ended = (await stateOf(world)) === after || isBetween(await stateOf(world), after);
  if (revokes && ended) assert.equal(world.google.living(ADA), 0, "what was cut off is revoked by the sweep");
};

/** Kills the act after so many writes, and starts again: at once, or after the next tick. True: it was killed before its end. */
const killOnce = async (
  world: World,
  act: Act,
  at: { readonly point: number; readonly tickFirst: boolean },
): Promise<boolean> => {
  await act.before(world);
  const from = await stateOf(world);
  world.death.writes = 0;
  world.death.afterWrite = at.point;
  await act.act(world).catch(() => undefined);
  world.death.afterWrite = Number.POSITIVE_INFINITY;
  await assertSound(world);
  const to = await stateOf(world);
  const where = `by a death after write ${at.point}`;
  assert.ok(to === from || to === act.after || isBetween(to, act.after), `${from} became ${to} ${where}`);
  if (at.tickFirst) await assertTidy(world, act);
  // Whatever is left behind stands in the way of nothing: leases run out, and it is done again.
  if (!at.tickFirst && (act.after === "valid" || act.after === "reconnect_required")) world.clock.advance(MINUTE);
  await act.act(world);
  assert.equal(await stateOf(world), act.after, `again, ${where}`);
  await assertTidy(world, act);
  return world.death.died;
};

/**
 * Kills an act after each write of any port that it makes: commits, secrets, publications, events, alerts, revocations. The list of points is not written
 * down anywhere: it ends where the act survives. Answers how many there were.
 */
export const killEverywhere = async (name: string, newWorld: () => Promise<World>): Promise<number> => {
  const act = ACTS[name] ?? assert.fail(`no act ${name}`);
  for (let point = 0; ; point += 1) {
    const killed: boolean[] = [];
    for (const tickFirst of [true, false]) {
      const world = await newWorld();
      try {
        killed.push(await killOnce(world, act, { point, tickFirst }));
      } finally {
        world.close();
      }
    }
    if (!killed.includes(true)) return point;
  }
};
