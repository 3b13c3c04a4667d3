import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DAY, HOUR, MINUTE } from "../../../functions/domain/clock.ts";
import { noteRename } from "../../../functions/domain/connections/checks/note-rename.ts";
import { endGrant } from "../../../functions/domain/connections/endings/end-grant.ts";
import { editMailServer } from "../../../functions/domain/mail-servers/edit-mail-server.ts";
import { type Grant, grantOf, type MailServer } from "../../../functions/domain/mail-servers/mail-server.ts";
import { newWorld, SERVER, type World } from "./walk.ts";

const EVE = "eve@example.com";

const connected = async (): Promise<World> => {
  const world = await newWorld();
  await world.declare("production");
  await world.connect(SERVER);
  world.clock.advance(30 * HOUR);
  return world;
};

const grantIn = async (world: World): Promise<Grant> => {
  const grant = grantOf({ connection: await world.connection(SERVER) });
  assert.ok(grant);
  return grant;
};

const shown = async (world: World): Promise<string> => {
  const { state, ...rest } = await world.connection(SERVER);
  return "reason" in rest ? `${state} (${rest.reason})` : state;
};

const edit = async (world: World, members: Partial<MailServer>): Promise<void> => {
  const server = await world.deps.records.get("mailServers", SERVER);
  assert.ok(server);
  const { version, value } = server;
  await world.deps.records.commit([
    { op: "replace", kind: "mailServers", id: SERVER, version, value: { ...value, ...members } },
  ]);
};

/** Something else happens from its beginning to its end while an ID token is being verified. */
const whileIdentifying = (world: World, act: () => Promise<unknown>): void => {
  const { identify } = world.deps.oauth;
  world.deps.oauth.identify = async (...args) => {
    world.deps.oauth.identify = identify;
    const proof = await identify(...args);
    await act();
    return proof;
  };
};

const ways = { "with a new refresh token": true, "without one": false };

for (const [what, rotates] of Object.entries(ways)) {
  describe(`a token of another account, ${what}`, () => {
    const mistaken = async (): Promise<World> => {
      const world = await connected();
      Object.assign(world.google, { rotates, mistakes: EVE });
      return world;
    };

    it("is noted by the check that finds it, which is then not due at once again", async () => {
      const world = await mistaken();
      for (let n = 0; n < 3; n += 1) {
        assert.deepEqual(await world.check(SERVER), { kind: "checked", state: "error" });
        assert.equal(await shown(world), "error (account_mismatch)");
        const waitMs = Number(await world.nextCheckAtMs(SERVER)) - world.clock.nowMs();
        assert.ok(waitMs > 10 * MINUTE && waitMs < DAY, `${waitMs}`);
        world.clock.advance(waitMs);
      }
      world.close();
    });

    for (const use of ["check", "obtain"] as const) {
      it(`leaves the grant its own refresh token (${use}), so that the right token ends the error`, async () => {
        const world = await mistaken();
        const before = await grantIn(world);
        await world[use](SERVER);
        assert.equal(await shown(world), "error (account_mismatch)");
        assert.deepEqual(await grantIn(world), before);
        await world.assertNoOrphan(SERVER);
        world.google.mistakes = null;
        world.clock.advance(HOUR);
        await world[use](SERVER);
        assert.equal(await shown(world), "valid");
        await world.assertNoOrphan(SERVER);
        world.close();
      });
    }

    it("is noted although the server was edited meanwhile", async () => {
      const world = await mistaken();
      whileIdentifying(world, () => edit(world, { description: "edited" }));
      assert.deepEqual(await world.check(SERVER), { kind: "checked", state: "error" });
      assert.equal(await shown(world), "error (account_mismatch)");
      assert.equal((await world.deps.records.get("mailServers", SERVER))?.value.description, "edited");
      world.close();
    });

    it("says nothing about a grant that came meanwhile", async () => {
      const world = await mistaken();
      whileIdentifying(world, () => {
        world.clock.advance(MINUTE);
        return world.connect(SERVER);
      });
      assert.deepEqual(await world.check(SERVER), { kind: "nothing_to_check" });
      assert.equal(await shown(world), "valid");
      await world.assertSound(SERVER);
      world.close();
    });

    it("moves no server that was disconnected or has ended meanwhile", async () => {
      const ended = { reason: "password_or_revoked", by: "security_event", evidence: {} } as const;
      for (const [act, state] of [
        [(world: World) => world.disconnect(SERVER), "not_connected"],
        [
          async (world: World) =>
            endGrant(world.deps, { serverId: SERVER, secretVersion: (await grantIn(world)).secretVersion }, ended),
          "reconnect_required",
        ],
      ] as const) {
        const world = await mistaken();
        whileIdentifying(world, () => act(world));
        assert.deepEqual(await world.check(SERVER), { kind: "nothing_to_check" });
        assert.equal(await world.state(SERVER), state);
        await world.assertSound(SERVER);
        world.close();
      }
    });

    it("costs no secret, wherever the process dies", async () => {
      for (let writes = 0, died = true; died; writes += 1) {
        const world = await mistaken();
        const { secretVersion } = await grantIn(world);
        world.death.writes = 0;
        world.death.afterWrite = writes;
        await world.obtain(SERVER).catch(() => undefined);
        died = world.death.died;
        world.death.afterWrite = Number.POSITIVE_INFINITY;
        world.google.mistakes = null;
        world.google.rotates = false;
        world.clock.advance(10 * MINUTE);
        await world.sweep();
        assert.equal((await grantIn(world)).secretVersion, secretVersion);
        await world.assertNoOrphan(SERVER);
        assert.ok((await world.obtain(SERVER)).ok);
        assert.equal(await shown(world), "valid");
        world.close();
      }
    });
  });
}

describe("a check that cannot verify the identity now", () => {
  const unverifiable = async (): Promise<World> => {
    const world = await connected();
    world.google.rotates = true;
    world.google.endsRotated = true;
    const { identify } = world.deps.oauth;
    world.deps.oauth.identify = async () => {
      world.deps.oauth.identify = identify;
      return { ok: false, reason: "unreachable", detail: "signing keys" };
    };
    return world;
  };

  it("keeps a new refresh token, since the old one may be over, and is put off", async () => {
    const world = await unverifiable();
    assert.deepEqual(await world.check(SERVER), { kind: "postponed", why: "google_unavailable" });
    assert.ok(Number(await world.nextCheckAtMs(SERVER)) > world.clock.nowMs(), "it is not due at once again");
    await world.assertNoOrphan(SERVER);
    assert.deepEqual(await world.check(SERVER), { kind: "checked", state: "valid" });
    world.close();
  });
});

describe("a server in error because of another account's token", () => {
  const mismatched = async (): Promise<World> => {
    const world = await connected();
    world.google.mistakes = EVE;
    await world.check(SERVER);
    assert.equal(await shown(world), "error (account_mismatch)");
    return world;
  };
  const patch = async (world: World, members: Record<string, unknown>): Promise<void> => {
    const edited = await editMailServer(world.deps, { kind: "setup" }, { id: SERVER, patch: members, ifMatch: null });
    assert.ok(edited.ok, JSON.stringify(edited));
  };

  for (const members of [{}, { description: "x" }, { username: "ADA@example.com" }, { transport: "gmail_api" }])
    it(`stays so after an edit of its settings: ${JSON.stringify(members)}`, async () => {
      const world = await mismatched();
      const dueAtMs = await world.nextCheckAtMs(SERVER);
      await patch(world, members);
      assert.equal(await shown(world), "error (account_mismatch)");
      assert.equal(await world.nextCheckAtMs(SERVER), dueAtMs);
      world.google.mistakes = null;
      await world.check(SERVER);
      assert.equal(await shown(world), "valid");
      world.close();
    });

  for (const [what, reason] of [
    ["proves nothing", "unproven"],
    ["is missing", "absent"],
  ] as const)
    it(`stays so after a check whose ID token ${what}, until one proves the account`, async () => {
      const world = await mismatched();
      world.google.mistakes = null;
      const { identify, refresh } = world.deps.oauth;
      if (reason === "unproven") world.deps.oauth.identify = async () => ({ ok: false, reason, detail: "aud" });
      else
        world.deps.oauth.refresh = async (...args) => {
          const answer = await refresh(...args);
          return answer.ok ? { ...answer, tokens: { ...answer.tokens, idToken: null } } : answer;
        };
      for (let n = 0; n < 2; n += 1) {
        world.clock.advance(DAY);
        assert.deepEqual(await world.check(SERVER), { kind: "checked", state: "error" });
        assert.equal(await shown(world), "error (account_mismatch)");
      }
      Object.assign(world.deps.oauth, { identify, refresh });
      await world.check(SERVER);
      assert.equal(await shown(world), "valid");
      world.close();
    });

  it("stays so when the account is renamed at Google, until a token proves it", async () => {
    const world = await mismatched();
    await noteRename(world.deps, { sub: "sub-of-ada@example.com", email: "countess@example.com", hostedDomain: null });
    assert.notEqual(await world.state(SERVER), "valid");
    world.close();
  });

  it("is another matter than a username that does not fit, which an edit ends", async () => {
    const world = await connected();
    await patch(world, { username: "grace@example.com" });
    assert.equal(await shown(world), "error (account_mismatch)");
    await patch(world, { username: "ada@example.com" });
    assert.equal(await shown(world), "valid");
    world.close();
  });
});
