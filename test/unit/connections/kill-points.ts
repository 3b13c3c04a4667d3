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
  /** What subscribers and operators are told. */
  readonly tells?: EventType;
  readonly alerts?: true;
  /** Whether the act revokes the account's grants at Google too. */
  readonly revokes?: true;
}

const connect = (world: World) => world.connect(SERVER);

/** The acts that change a server's secrets, or what it says about them. */
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

/** A server may be seen as disconnected on its way from connected to deleted. */
const isBetween = (found: ConnectionState | "deleted", after: Act["after"]): boolean =>
  after === "deleted" && found === "not_connected";

/** What is told: the state, and by which consent it came. */
const toldOf = async (world: World): Promise<string> => {
  if (!(await world.exists(SERVER))) return "not_connected";
  const connection: Connection = await world.connection(SERVER);
  return connection.state === "not_connected"
    ? connection.state
    : `${connection.state} since ${connection.grant.connectedAtMs} by ${connection.grant.sub}`;
};

/** The tick tells what the dead process did not: nothing happens without someone hearing of it. */
const assertTold = async (world: World, { tells, alerts }: Act): Promise<void> => {
  const told = world.announced.filter(({ type }) => type === tells);
  assert.ok(told.length > 0, `nobody was told ${tells}`);
  assert.equal(new Set(told.map(({ subject }) => subject)).size, 1);
  if (alerts) assert.ok(world.alerts.length > 0, "the operators were not told");
};

/** What must be true after a tick, wherever the act was killed. */
const assertTidy = async (world: World, { after, revokes }: Act): Promise<void> => {
  world.clock.advance(10 * MINUTE);
  await world.sweep();
  await world.assertNothingUntold();
  await world.assertNoOrphan(SERVER);
  await assertSound(world);
  const ended = (await stateOf(world)) === after || isBetween(await stateOf(world), after);
  if (revokes && ended) assert.equal(world.google.living(ADA), 0, "what was cut off is revoked by the sweep");
};

/**
 * Kills the act after this many writes and repeats it, at once or after the next tick. Returns whether it was killed
 * before its end.
 */
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
  // What is left behind blocks nothing: leases expire, and the act is repeated.
  if (!at.tickFirst && (act.after === "valid" || act.after === "reconnect_required")) world.clock.advance(MINUTE);
  await act.act(world);
  assert.equal(await stateOf(world), act.after, `again, ${where}`);
  await assertTidy(world, act);
  if (act.tells) await assertTold(world, act);
  return world.death.died;
};

/**
 * Kills an act after each write of any port that it makes: commits, secrets, publications, events, alerts, revocations.
 * The list of points is not written down anywhere: it ends where the act survives. Returns how many there were.
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
