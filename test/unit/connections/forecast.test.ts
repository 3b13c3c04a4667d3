import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DAY, HOUR, MINUTE } from "../../../functions/domain/clock.ts";
import type { ConnectionReason } from "../../../functions/domain/connection-states.ts";
import { checkAllSoon } from "../../../functions/domain/connections/checks/check-all-soon.ts";
import type { GrantEnd, TokenRefusal } from "../../../functions/domain/google/tokens.ts";
import type { Settings } from "../../../functions/domain/settings/settings.ts";
import { newWorld, SERVER, SIBLING, type World } from "./walk.ts";

/** How often the tick comes. */
const TICK_MS = 5 * MINUTE;

/**
 * Lets time pass, making each check at the tick after it is due. Returns when each warning came, in hours before
 * `endMs`, and its reason.
 */
const live = async (world: World, id: string, span: { readonly forMs: number; readonly endMs: number }) => {
  const warnings: [hoursAhead: number, reason: unknown][] = [];
  const untilMs = world.clock.nowMs() + span.forMs;
  for (;;) {
    const nextMs = await world.nextCheckAtMs(id);
    if (nextMs === null || nextMs > untilMs) break;
    const tickMs = Math.ceil(Math.max(nextMs, world.clock.nowMs() + 1) / TICK_MS) * TICK_MS;
    world.clock.advance(tickMs - world.clock.nowMs());
    const before = world.announced.length;
    await world.check(id);
    for (const { type, data } of world.announced.slice(before)) {
      if (type !== "relais.server.expiring.v1") continue;
      warnings.push([Math.round((span.endMs - world.clock.nowMs()) / HOUR), data.reason]);
    }
  }
  world.clock.advance(Math.max(0, untilMs - world.clock.nowMs()));
  return warnings;
};

interface Row {
  readonly what: string;
  readonly status: Settings["publishingStatus"];
  readonly life: { readonly ms: number; readonly announced: boolean };
  readonly reason: ConnectionReason;
  readonly warnedHoursAhead: readonly number[];
}

const WEEK = 7 * DAY;
const ROWS: readonly Row[] = [
  {
    what: "an app in testing, as Google says",
    status: "undeclared",
    life: { ms: WEEK, announced: true },
    reason: "testing_7d",
    warnedHoursAhead: [72, 24],
  },
  {
    what: "an app in testing, as the operator says",
    status: "testing",
    life: { ms: WEEK, announced: false },
    reason: "testing_7d",
    warnedHoursAhead: [72, 24],
  },
  {
    what: "an app in testing, as nobody says: diagnosed",
    status: "undeclared",
    life: { ms: WEEK, announced: false },
    reason: "testing_7d",
    warnedHoursAhead: [],
  },
  {
    what: "access given for a month",
    status: "production",
    life: { ms: 30 * DAY, announced: true },
    reason: "time_based",
    warnedHoursAhead: [72, 24],
  },
  {
    what: "access given for four hours: warned at half of it",
    status: "production",
    life: { ms: 4 * HOUR, announced: true },
    reason: "time_based",
    warnedHoursAhead: [2],
  },
];

describe("the end of a grant", () => {
  for (const { what, status, life, reason, warnedHoursAhead } of ROWS) {
    it(`${what}: ${reason}`, async () => {
      const world = await newWorld();
      await world.declare(status);
      world.google.life = life;
      await world.connect(SERVER);
      const endMs = world.clock.nowMs() + life.ms;
      const warnings = await live(world, SERVER, { forMs: life.ms + 2 * DAY, endMs });
      assert.deepEqual(
        warnings,
        warnedHoursAhead.map((hours) => [hours, reason]),
      );
      const connection = await world.connection(SERVER);
      assert.ok(connection.state === "reconnect_required", connection.state);
      assert.equal(connection.reason, reason);
      if (warnings.length > 0) assert.ok(connection.sinceMs - endMs <= TICK_MS, "and its coming is noticed at once");
      world.close();
    });
  }

  it("of an app in testing is predicted from its second week on, even if nobody declared it", async () => {
    const world = await newWorld();
    world.google.life = { ms: WEEK, announced: false };
    await world.connect(SERVER);
    await live(world, SERVER, { forMs: 9 * DAY, endMs: 0 });
    assert.equal(await world.state(SERVER), "reconnect_required");
    await world.connect(SIBLING);
    const endMs = world.clock.nowMs() + WEEK;
    const warnings = await live(world, SIBLING, { forMs: 9 * DAY, endMs });
    assert.deepEqual(warnings, [
      [72, "testing_7d"],
      [24, "testing_7d"],
    ]);
    world.close();
  });

  it("is predicted at the next tick after an operator declares that the app is in testing, however late", async () => {
    const world = await newWorld();
    world.google.life = { ms: WEEK, announced: false };
    await world.connect(SERVER);
    const endMs = world.clock.nowMs() + WEEK;
    assert.deepEqual(await live(world, SERVER, { forMs: WEEK - 12 * HOUR, endMs }), []);
    await world.declare("testing");
    await checkAllSoon(world.deps);
    assert.deepEqual(await live(world, SERVER, { forMs: TICK_MS, endMs }), [[12, "testing_7d"]]);
    world.close();
  });

  it("is not computed if nothing is checked: for a dead grant, or without one", async () => {
    const world = await newWorld();
    await world.connect(SERVER);
    world.google.revokeAccess("ada@example.com");
    await world.check(SERVER);
    await checkAllSoon(world.deps);
    assert.equal(await world.nextCheckAtMs(SERVER), null);
    assert.equal(await world.nextCheckAtMs(SIBLING), null);
    world.close();
  });

  it("is no longer predicted once a grant of the app has lived longer than seven days", async () => {
    const world = await newWorld();
    world.google.life = { ms: WEEK, announced: false };
    await world.connect(SERVER);
    await live(world, SERVER, { forMs: 9 * DAY, endMs: 0 });
    world.google.life = null;
    await world.connect(SIBLING);
    await live(world, SIBLING, { forMs: 12 * DAY, endMs: 0 });
    assert.equal(await world.state(SIBLING), "valid");
    await world.connect(SERVER);
    assert.deepEqual(await live(world, SERVER, { forMs: 6 * DAY, endMs: 0 }), []);
    world.close();
  });

  it("from lack of use is predicted while Google cannot be reached for months, and never comes once it can", async () => {
    const world = await newWorld();
    await world.declare("production");
    await world.connect(SERVER);
    assert.deepEqual(await live(world, SERVER, { forMs: 200 * DAY, endMs: 0 }), []);
    world.google.down = true;
    const endMs = world.clock.nowMs() + 180 * DAY;
    const warnings = await live(world, SERVER, { forMs: 182 * DAY, endMs });
    assert.deepEqual(
      warnings.map(([, reason]) => reason),
      ["idle_6m", "idle_6m"],
    );
    world.google.down = false;
    world.google.revokeAccess("ada@example.com");
    await live(world, SERVER, { forMs: 8 * HOUR, endMs });
    const connection = await world.connection(SERVER);
    assert.ok(connection.state === "reconnect_required");
    assert.equal(connection.reason, "idle_6m");
    world.close();
  });

  it("comes unannounced if the person changes the password, and is reported within a day and a quarter", async () => {
    const world = await newWorld();
    await world.declare("production");
    await world.connect(SERVER);
    await live(world, SERVER, { forMs: 20 * DAY, endMs: 0 });
    world.google.revokeAccess("ada@example.com");
    const diedAtMs = world.clock.nowMs();
    await live(world, SERVER, { forMs: 2 * DAY, endMs: 0 });
    const connection = await world.connection(SERVER);
    assert.ok(connection.state === "reconnect_required");
    assert.equal(connection.reason, "password_or_revoked");
    assert.ok(connection.sinceMs - diedAtMs <= 1.25 * DAY);
    world.close();
  });
});

describe("a refusal that says more than invalid_grant", () => {
  type Said = readonly [error: GrantEnd, description: string | null, subtype: string | null, reason: ConnectionReason];
  const REFUSALS: readonly Said[] = [
    ["admin_policy_enforced", null, null, "admin_policy"],
    ["admin_policy_enforced", "The account has been restricted by your administrator.", null, "admin_policy"],
    ["org_internal", null, null, "org_internal"],
    ["org_internal", "This client is restricted to users within its organization.", null, "org_internal"],
    ["policy_enforced", null, null, "advanced_protection"],
    ["policy_enforced", "Advanced Protection prevented access", null, "advanced_protection"],
    ["policy_enforced", "Access is restricted by policies within your organization.", null, "admin_policy"],
    ["access_denied", null, null, "account_disabled"],
    ["access_denied", "Account restricted", null, "account_disabled"],
    ["access_denied", "Account has been deleted", null, "account_deleted"],
    ["invalid_grant", null, null, "password_or_revoked"],
    ["invalid_grant", "Token has been expired or revoked.", null, "password_or_revoked"],
    ["invalid_grant", "Bad Request", "", "password_or_revoked"],
    ["invalid_grant", "reauth related error (invalid_rapt)", null, "session_policy"],
    ["invalid_grant", "reauth related error", "invalid_rapt", "session_policy"],
    ["invalid_grant", "reauth related error (rapt_required)", "rapt_required", "session_policy"],
    ["invalid_grant", null, "rapt_required", "session_policy"],
    ["invalid_grant", "Account has been deleted", null, "account_deleted"],
    ["invalid_grant", "ACCOUNT WAS DELETED", null, "account_deleted"],
    ["invalid_grant", null, "account_deleted", "account_deleted"],
    ["invalid_grant", "Account disabled", null, "account_disabled"],
    ["invalid_grant", "The user has been suspended.", null, "account_disabled"],
    ["invalid_grant", "Bad Request", "account_disabled", "account_disabled"],
    ["invalid_grant", "Token has been expired or revoked.", "advanced_protection", "advanced_protection"],
    ["invalid_grant", "Bad Request", "admin_policy_enforced", "admin_policy"],
  ];
  for (const [error, description, subtype, reason] of REFUSALS) {
    it(`${error}, "${description}", ${subtype}: ${reason}, found by a check and by a mail`, async () => {
      for (const find of ["check", "obtain"] as const) {
        const world = await newWorld();
        await world.declare("production");
        await world.connect(SERVER);
        world.clock.advance(2 * HOUR);
        world.google.refusal = { kind: "ended", error, description, subtype };
        await world[find](SERVER);
        const connection = await world.connection(SERVER);
        assert.ok(connection.state === "reconnect_required", connection.state);
        assert.deepEqual([connection.reason, connection.endedBy], [reason, error]);
        assert.deepEqual(
          world.alerts.map(({ kind }) => kind),
          ["reconnect_required"],
        );
        world.close();
      }
    });
  }
});

describe("a session length that ends grants repeatedly", () => {
  const OVER: TokenRefusal = {
    kind: "ended",
    error: "invalid_grant",
    description: "reauth related error",
    subtype: "invalid_rapt",
  };
  /** Connects, lets the time pass, and finds the grant dead. */
  const session = async (world: World, lifeMs: number): Promise<void> => {
    world.google.refusal = null;
    await world.connect(SERVER);
    world.clock.advance(lifeMs);
    world.google.refusal = OVER;
    await world.check(SERVER);
    const connection = await world.connection(SERVER);
    assert.ok(connection.state === "reconnect_required" && connection.reason === "session_policy");
  };

  it("is predicted after the second time, from the shorter of the lives, with a warning halfway", async () => {
    const world = await newWorld();
    await world.declare("production");
    await session(world, 20 * HOUR);
    world.google.refusal = null;
    await world.connect(SERVER);
    assert.equal(await world.state(SERVER), "valid", "once may be chance");
    await session(world, 17 * HOUR);
    world.google.refusal = null;
    await world.connect(SERVER);
    const connection = await world.connection(SERVER);
    assert.ok(connection.state === "expiring" && connection.reason === "session_policy");
    const endMs = world.clock.nowMs() + 17 * HOUR;
    assert.ok(Math.abs((connection.expiresAtMs ?? 0) - endMs) < MINUTE);
    assert.deepEqual(await live(world, SERVER, { forMs: 16 * HOUR, endMs }), [[8, "session_policy"]]);
    world.close();
  });

  it("is foretold at the very consent: to subscribers and operators, for each grant", async () => {
    const world = await newWorld();
    await world.declare("production");
    await session(world, 20 * HOUR);
    await session(world, 20 * HOUR);
    world.google.refusal = null;
    for (const _ of ["the first", "another grant, which ends like the one before"]) {
      world.announced.length = 0;
      world.alerts.length = 0;
      world.clock.advance(HOUR);
      await world.connect(SERVER);
      assert.deepEqual(
        world.announced.map(({ type, data }) => [type, data.reason ?? null, data.warning ?? null]),
        [
          ["relais.server.connected.v1", null, null],
          ["relais.server.expiring.v1", "session_policy", "first"],
        ],
      );
      const told = world.alerts.map((alert) => [alert.kind, "server" in alert && alert.server.grant.connectedAtMs]);
      assert.deepEqual(told, [["expiring", world.clock.nowMs()]]);
      await world.assertNothingUntold();
    }
    world.close();
  });

  it("is no longer predicted once a grant has lived longer, nor for another account", async () => {
    const world = await newWorld();
    await world.declare("production");
    await session(world, 20 * HOUR);
    await session(world, 20 * HOUR);
    world.google.refusal = null;
    await world.connect(SERVER);
    assert.equal(await world.state(SERVER), "expiring");
    world.clock.advance(22 * HOUR);
    await world.check(SERVER);
    assert.equal(await world.state(SERVER), "valid");
    await world.connect(SERVER);
    assert.equal(await world.state(SERVER), "valid");
    world.close();
  });
});
