import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { DAY, HOUR, MINUTE } from "../../../functions/domain/clock.ts";
import { checkServer } from "../../../functions/domain/connections/checks/check-server.ts";
import { disconnect } from "../../../functions/domain/connections/endings/disconnect.ts";
import { accessTokens } from "../../../functions/domain/connections/tokens/access-token.ts";
import { movableClock } from "../../builders/clock.ts";
import { type Relais, SETUP, startRelais } from "./relais.ts";

describe("access tokens", () => {
  let relais: Relais;
  let id: string;
  before(async () => {
    relais = await startRelais();
  });
  after(() => relais.close());
  beforeEach(async () => {
    relais.sandbox.control.clear();
    id = await connected("ada@example.com");
  });

  const connected = async (username: string): Promise<string> => {
    const server = await relais.addServer({ username });
    const answer = await (await relais.browser(SETUP)).connect(server, { account: username });
    assert.equal(answer.status, 303, await answer.text());
    return server;
  };
  const refreshes = (): number =>
    Object.values(relais.sandbox.control.counters().tokenGrants.refresh_token).reduce((sum, count) => sum + count, 0);
  /** Another process on the same store. */
  const process = () => accessTokens(relais.system);

  it("the token of the connection itself is used while it is fresh", async () => {
    const before = refreshes();
    const outcome = await process().obtain(id);
    assert.ok(outcome.ok);
    assert.ok(outcome.expiresAtMs > relais.clock.nowMs() + 5 * MINUTE);
    assert.ok(outcome.scopes.includes("https://mail.google.com/"));
    assert.equal(refreshes(), before);
  });

  it("Google is asked once, however many ask at once, in one process or in five", async () => {
    relais.clock.advance(HOUR);
    const before = refreshes();
    const processes = Array.from({ length: 5 }, process);
    const all = await Promise.all(
      Array.from({ length: 50 }, (_, at) => processes[at % 5]?.obtain(id) ?? assert.fail("five processes")),
    );
    assert.equal(refreshes(), before + 1);
    const [first] = all;
    assert.ok(first?.ok);
    for (const one of all) assert.ok(one.ok && one.token.matches(first.token));
  });

  it("a caller whose token was refused gets another one, and so do all others like it, from one request", async () => {
    const refused = await process().obtain(id);
    assert.ok(refused.ok);
    const before = refreshes();
    const processes = [process(), process()];
    const again = await Promise.all(
      Array.from({ length: 6 }, (_, at) => (processes[at % 2] ?? process()).obtain(id, refused.token)),
    );
    assert.equal(refreshes(), before + 1);
    for (const one of again) assert.ok(one.ok && !one.token.matches(refused.token));
  });

  it("a renewal of what the cache still holds is requested once for all who ask at once", async () => {
    const held = await process().obtain(id);
    assert.ok(held.ok);
    const before = refreshes();
    const processes = [process(), process()];
    const renewed = await Promise.all(Array.from({ length: 6 }, (_, at) => (processes[at % 2] ?? process()).renew(id)));
    assert.ok(refreshes() > before && refreshes() <= before + 2, "one that came late may have asked for itself");
    for (const one of renewed) assert.ok(one.ok && !one.token.matches(held.token));
  });

  it("a lease is taken over if its holder has died", async () => {
    relais.clock.advance(HOUR);
    const entry = await relais.system.records.get("accessTokens", id);
    assert.ok(entry);
    const value = { ...entry.value, leaseUntilMs: relais.clock.nowMs() + 200 };
    await relais.system.records.commit([{ op: "put", kind: "accessTokens", id, value }]);
    assert.equal((await process().obtain(id)).ok, true);
  });

  it("a sealed token that was moved to another server is refused", async () => {
    const other = await connected("grace@example.com");
    const [mine, theirs] = await Promise.all([
      relais.system.records.get("accessTokens", id),
      relais.system.records.get("accessTokens", other),
    ]);
    assert.ok(mine && theirs);
    await relais.system.records.commit([{ op: "put", kind: "accessTokens", id, value: theirs.value }]);
    const before = refreshes();
    const outcome = await process().obtain(id);
    assert.ok(outcome.ok);
    assert.equal(refreshes(), before + 1);
    const proper = await process().obtain(other);
    assert.ok(proper.ok && !proper.token.matches(outcome.token));
  });

  it("a rotated refresh token is stored before it is used, then pointed to, and the old one is destroyed", async () => {
    relais.sandbox.control.set({ fault: "rotate_refresh_token" }, { times: 1 });
    relais.clock.advance(HOUR);
    const before = await relais.server(id);
    assert.equal((await process().obtain(id)).ok, true);
    const { connection } = await relais.server(id);
    assert.ok(connection.state === "valid" && before.connection.state === "valid");
    assert.notEqual(connection.grant.secretVersion, before.connection.grant.secretVersion);
    assert.equal(connection.grant.generation, before.connection.grant.generation + 1);
    assert.deepEqual(await relais.system.vault.versions({ kind: "refresh_token", serverId: id }), [
      connection.grant.secretVersion,
    ]);
    relais.clock.advance(HOUR);
    assert.equal((await process().obtain(id)).ok, true, "and the new one is good");
  });

  it("after a revocation the server must be reconnected, which is reported once, and there are no tokens or checks any more", async () => {
    relais.sandbox.control.revoke("ada@example.com");
    relais.clock.advance(HOUR);
    const told = (): number =>
      relais.announced.filter(({ type, subject }) => type.includes("reconnect_required") && subject === id).length;
    const [one, two] = await Promise.all([process().obtain(id), process().obtain(id)]);
    for (const outcome of [one, two]) assert.ok(!outcome.ok);
    assert.ok([one, two].some((outcome) => !outcome.ok && outcome.why === "grant_dead"));
    assert.equal(told(), 1);
    const server = await relais.server(id);
    assert.ok(server.connection.state === "reconnect_required");
    assert.equal(server.connection.reason, "password_or_revoked");
    assert.equal(server.nextCheckAtMs, null);
    assert.deepEqual(await process().obtain(id), { ok: false, why: "not_connected" });
    const again = await (await relais.browser(SETUP)).connect(id);
    assert.equal(again.status, 303);
    assert.equal((await process().obtain(id)).ok, true);
  });

  it("a rejected client marks the server until Google issues a token again; an outage does not mark it", async () => {
    relais.clock.advance(HOUR);
    relais.sandbox.control.set({ fault: "token_error", error: "invalid_client" }, { times: 1 });
    assert.deepEqual(await process().obtain(id), { ok: false, why: "client_rejected" });
    const marked = await relais.server(id);
    assert.ok(marked.connection.state === "error" && marked.connection.reason === "client_rejected");
    assert.ok((marked.nextCheckAtMs ?? 0) <= relais.clock.nowMs() + HOUR, "and Google is asked again soon");
    assert.equal((await process().obtain(id)).ok, true);
    assert.equal((await relais.server(id)).connection.state, "valid");
    relais.clock.advance(HOUR);
    relais.sandbox.control.set({ fault: "http_error", at: "token", status: 503, retryAfterSeconds: 7 }, { times: 1 });
    assert.deepEqual(await process().obtain(id), { ok: false, why: "google_unavailable", retryAfterS: 7 });
    assert.equal((await relais.server(id)).connection.state, "valid");
    assert.equal((await process().obtain(id)).ok, true);
  });

  it("no token is given out after a disconnection, whatever was cached", async () => {
    const shared = process();
    assert.equal((await shared.obtain(id)).ok, true);
    await disconnect(relais.system, id, "setup-token");
    assert.deepEqual(await shared.obtain(id), { ok: false, why: "not_connected" });
    const secondTime = await disconnect(relais.system, id, "setup-token");
    assert.deepEqual(secondTime, { ok: true, value: { revoked: false, sharedWith: [] } });
    assert.equal((await disconnect(relais.system, "srv_none", "setup-token")).ok, false);
  });

  it("a lost secret is reported as lost", async () => {
    await relais.system.vault.remove({ kind: "refresh_token", serverId: id });
    relais.clock.advance(HOUR);
    assert.deepEqual(await process().obtain(id), { ok: false, why: "grant_dead", reason: "secret_missing" });
  });

  describe("checking a server", () => {
    it("proves the grant, records when, sets the next check, and leaves a fresh token", async () => {
      relais.clock.advance(2 * DAY);
      assert.deepEqual(await checkServer(relais.system, id), { kind: "checked", state: "valid" });
      const { connection, nextCheckAtMs } = await relais.server(id);
      assert.ok(connection.state === "valid" && nextCheckAtMs !== null);
      assert.ok(relais.clock.nowMs() - connection.grant.lastVerifiedAtMs < MINUTE);
      assert.ok(nextCheckAtMs > relais.clock.nowMs() + 18 * HOUR && nextCheckAtMs < relais.clock.nowMs() + 30 * HOUR);
      const before = refreshes();
      assert.equal((await process().obtain(id)).ok, true);
      assert.equal(refreshes(), before);
    });

    it("finds a revocation", async () => {
      relais.sandbox.control.revoke("ada@example.com");
      assert.deepEqual(await checkServer(relais.system, id), { kind: "checked", state: "reconnect_required" });
      assert.deepEqual(await checkServer(relais.system, id), { kind: "nothing_to_check" });
    });

    it("is postponed by an outage and a rejected client", async () => {
      for (const [fault, state] of [
        [{ fault: "http_error", at: "token", status: 500 }, "valid"],
        [{ fault: "token_error", error: "invalid_client" }, "error"],
      ] as const) {
        relais.sandbox.control.set(fault, { times: 1 });
        assert.equal((await checkServer(relais.system, id)).kind, "postponed");
        const { connection, nextCheckAtMs } = await relais.server(id);
        assert.equal(connection.state, state);
        assert.ok(nextCheckAtMs !== null && nextCheckAtMs < relais.clock.nowMs() + HOUR);
      }
      assert.deepEqual(await checkServer(relais.system, id), { kind: "checked", state: "valid" });
    });

    it("predicts the end of a testing-mode grant three days ahead, once", async () => {
      relais.sandbox.control.set({ fault: "refresh_token_expires_in", seconds: (7 * DAY) / 1_000 });
      id = await connected("facturation@example.com");
      assert.equal((await relais.server(id)).connection.state, "valid");
      relais.clock.advance(4 * DAY + HOUR);
      relais.sandbox.control.advance(4 * DAY + HOUR);
      relais.sandbox.control.clear();
      assert.deepEqual(await checkServer(relais.system, id), { kind: "checked", state: "expiring" });
      assert.deepEqual(await checkServer(relais.system, id), { kind: "checked", state: "expiring" });
      const { connection } = await relais.server(id);
      assert.ok(connection.state === "expiring");
      assert.equal(connection.reason, "testing_7d");
      const told = relais.announced.filter(({ type, subject }) => type.includes("expiring") && subject === id);
      assert.equal(told.length, 1);
    });
  });
});

describe("access tokens under a shortened time", () => {
  it("gives up if Google is slow, and the next caller succeeds", async () => {
    const relais = await startRelais({ clock: movableClock(4) });
    try {
      const id = await relais.addServer();
      assert.equal((await (await relais.browser(SETUP)).connect(id)).status, 303);
      const held = await accessTokens(relais.system).obtain(id);
      assert.ok(held.ok);
      relais.sandbox.control.set({ fault: "stall", at: "token" });
      const stalled = await accessTokens(relais.system).obtain(id, held.token);
      assert.ok(!stalled.ok && stalled.why === "google_unavailable");
      relais.sandbox.control.clear();
      assert.equal((await accessTokens(relais.system).obtain(id, held.token)).ok, true);
    } finally {
      await relais.close();
    }
  });
});
