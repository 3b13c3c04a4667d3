import assert from "node:assert/strict";
import { HOUR, MINUTE, SECOND } from "../../../functions/domain/clock.ts";
import type { ConnectionState } from "../../../functions/domain/connection-states.ts";
import type { Connection } from "../../../functions/domain/mail-servers/mail-server.ts";
import type { EventType } from "../../../functions/domain/publisher.ts";
import { SERVER, type World } from "./walk.ts";

const ADA = "ada@example.com";

interface Act {
  readonly before: (world: World) => Promise<unknown>;
  readonly act: (world: World) => Promise<unknown>;
  readonly after: ConnectionState | "deleted";
  /** What the world hears of it, and the operators. */
  readonly tells?: EventType;
  readonly alerts?: true;
  /** It is to end the account's grants at Google too. */
  readonly revokes?: true;
}

const connect = (world: World) => world.connect(SERVER);

/** What changes a server's secrets, or its word on them. */
export const ACTS: Readonly<Record<string, Act>> = {
  connecting: {
    before: async () => undefined,
    act: connect,
    after: "valid",
    tells: "relais.server.connected.v1",
  },
  reconnecting: { before: connect, act: connect, after: "valid", tells: "relais.server.connected.v1" },
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
  disconnecting: {
    before: connect,
    act: (world) => world.disconnect(SERVER),
    after: "not_connected",
    tells: "relais.server.disconnected.v1",
    revokes: true,
  },
  deleting: {
    before: connect,
    act: (world) => world.remove(SERVER),
    after: "deleted",
    tells: "relais.server.disconnected.v1",
    revokes: true,
  },
  "finding the grant dead": {
    before: async (world) => {
      await connect(world);
      world.google.revokeAccess(ADA);
    },
    act: (world) => world.check(SERVER),
    after: "reconnect_required",
    tells: "relais.server.reconnect_required.v1",
    alerts: true,
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

/** What is told of: the state, and by which consent it came. */
const toldOf = async (world: World): Promise<string> => {
  if (!(await world.exists(SERVER))) return "not_connected";
  const connection: Connection = await world.connection(SERVER);
  return connection.state === "not_connected"
    ? connection.state
    : `${connection.state} since ${connection.grant.connectedAtMs} by ${connection.grant.sub}`;
};

/** The tick tells what the dead did not come to tell: nothing happened that nobody hears of. */
const assertTold = async (world: World, { tells, alerts }: Act): Promise<void> => {
  const told = world.announced.filter(({ type }) => type === tells);
  assert.ok(told.length > 0, `nobody was told ${tells}`);
  assert.equal(new Set(told.map(({ subject }) => subject)).size, 1);
  if (alerts) assert.ok(world.alerts.length > 0, "the operators were not told");
};

/** What must hold once the tick has gone by, wherever the act was killed. */
const assertTidy = async (world: World, { after, revokes }: Act): Promise<void> => {
  world.clock.advance(10 * MINUTE);
  await world.sweep();
  await world.assertNothingUntold();
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
  world.clock.advance(SECOND);
  world.announced.length = 0;
  const from = await stateOf(world);
  const toldBefore = await toldOf(world);
  world.death.writes = 0;
  world.death.afterWrite = at.point;
  await act.act(world).catch(() => undefined);
  world.death.afterWrite = Number.POSITIVE_INFINITY;
  await assertSound(world);
  const to = await stateOf(world);
  const where = `by a death after write ${at.point}`;
  assert.ok(to === from || to === act.after || isBetween(to, act.after), `${from} became ${to} ${where}`);
  if (at.tickFirst) await assertTidy(world, act);
  if (at.tickFirst && act.tells && (await toldOf(world)) !== toldBefore) await assertTold(world, act);
  // Whatever is left behind stands in the way of nothing: leases run out, and it is done again.
  if (!at.tickFirst && (act.after === "valid" || act.after === "reconnect_required")) world.clock.advance(MINUTE);
  await act.act(world);
  assert.equal(await stateOf(world), act.after, `again, ${where}`);
  await assertTidy(world, act);
  if (act.tells) await assertTold(world, act);
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
