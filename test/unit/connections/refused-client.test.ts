import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { DAY, HOUR } from "../../../functions/domain/clock.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import { SETTINGS_ID } from "../../../functions/domain/settings/read-settings.ts";
import { newWorld, SERVER, SIBLING, type World } from "./walk.ts";

describe("a client that Google refuses", () => {
  let world: World;
  beforeEach(async () => {
    world = await newWorld();
    await world.declare("production");
    await world.connect(SERVER);
    await world.connect(SIBLING);
    world.clock.advance(2 * HOUR);
    world.google.rejectsClient = true;
  });
  afterEach(() => world.close());

  const shown = async (id = SERVER): Promise<string> => {
    const connection = await world.connection(id);
    return connection.state === "error" ? `error ${connection.reason}` : connection.state;
  };

  for (const find of ["check", "obtain"] as const) {
    it(`is shown on the server that found it, by a ${find}, and reported to the operators once`, async () => {
      await world[find](SERVER);
      assert.equal(await shown(), "error client_rejected");
      assert.equal(await shown(SIBLING), "valid", "nobody has asked for that one");
      await world[find](SIBLING);
      assert.equal(await shown(SIBLING), "error client_rejected");
      assert.deepEqual(
        world.alerts.map(({ kind }) => kind),
        ["client_rejected"],
      );
    });
  }

  it("is tried at least hourly, however long the refusal lasts, and ends no grant", async () => {
    await world.obtain(SERVER);
    for (let checks = 0; checks < 100; checks += 1) {
      const dueInMs = ((await world.nextCheckAtMs(SERVER)) ?? Number.POSITIVE_INFINITY) - world.clock.nowMs();
      assert.ok(dueInMs <= 1.2 * HOUR, `${dueInMs / HOUR} hours`);
      world.clock.advance(Math.max(0, dueInMs));
      await world.check(SERVER);
      assert.equal(await shown(), "error client_rejected");
    }
    world.google.rejectsClient = false;
    world.clock.advance(1.2 * HOUR);
    await world.check(SERVER);
    assert.equal(await shown(), "valid");
  });

  it("is working again for a server as soon as Google issues a token for it", async () => {
    await world.check(SERVER);
    world.google.rejectsClient = false;
    assert.equal((await world.obtain(SERVER)).ok, true);
    assert.equal(await shown(), "valid");
    assert.ok(((await world.nextCheckAtMs(SERVER)) ?? 0) <= world.clock.nowMs(), "and the grant is proven soon");
  });

  it("hides no end: a grant that died meanwhile is reported once the client works", async () => {
    await world.check(SERVER);
    world.google.rejectsClient = false;
    world.google.revokeAccess("ada@example.com");
    world.clock.advance(DAY);
    await world.check(SERVER);
    assert.equal(await shown(), "reconnect_required");
  });

  it("is no longer shown after an operator has saved another client", async () => {
    await world.check(SERVER);
    const { records, vault } = world.deps;
    const settings = (await records.get("settings", SETTINGS_ID)) ?? assert.fail("they were saved");
    const secretVersion = await vault.add({ kind: "client_secret" }, new Secret("another secret"));
    const gmailCredentials = { clientId: "client-2", secretVersion, configuredAtMs: world.clock.nowMs() };
    const value = { ...settings.value, gmailCredentials };
    await records.commit([{ op: "put", kind: "settings", id: SETTINGS_ID, value }]);
    await world.check(SERVER);
    assert.equal(await shown(), "error client_changed");
  });

  it("does not stop the server that sends the alerts as long as its token is valid", async () => {
    const { records } = world.deps;
    const settings = (await records.get("settings", SETTINGS_ID)) ?? assert.fail("they were saved");
    const value = { ...settings.value, alerts: { server: SIBLING, to: ["ops@example.org"] } };
    await records.commit([{ op: "put", kind: "settings", id: SETTINGS_ID, value }]);
    world.google.rejectsClient = false;
    assert.equal((await world.obtain(SIBLING)).ok, true);
    world.google.rejectsClient = true;
    await world.check(SERVER);
    await world.check(SIBLING);
    assert.deepEqual([await shown(), await shown(SIBLING)], ["error client_rejected", "valid"]);
    world.clock.advance(HOUR);
    await world.check(SIBLING);
    assert.equal(await shown(SIBLING), "error client_rejected");
  });

  it("is not considered repaired by a reconnect or a disconnection", async () => {
    await world.check(SERVER);
    await world.disconnect(SERVER);
    assert.equal(await shown(), "not_connected");
    world.google.rejectsClient = false;
    await world.connect(SERVER);
    assert.equal(await shown(), "valid");
  });
});

describe("a grant of an account that was chosen by mistake", () => {
  it("is revoked if no server depends on it, and kept if an earlier grant of the account exists", async () => {
    const world = await newWorld();
    world.google.issueRefreshToken("grace@example.com");
    world.google.alwaysIssuesToken = false;
    assert.equal((await world.connect(SERVER, "grace@example.com")).kind, "failed");
    assert.equal(world.google.living("grace@example.com"), 1, "no refresh token came: another program holds one");
    world.google.alwaysIssuesToken = true;
    assert.equal((await world.connect(SERVER, "heidi@example.com")).kind, "failed");
    assert.equal(world.google.living("heidi@example.com"), 0);
    world.close();
  });
});
