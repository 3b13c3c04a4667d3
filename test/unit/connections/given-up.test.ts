import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { DAY, HOUR } from "../../../functions/domain/clock.ts";
import { accessTokens } from "../../../functions/domain/connections/tokens/access-token.ts";
import type { TokenRefusal } from "../../../functions/domain/google/tokens.ts";
import { type Connection, grantOf } from "../../../functions/domain/mail-servers/mail-server.ts";
import type { OnPush } from "../../../functions/runtime/event-edge.ts";
import { onPush } from "../../../functions/runtime/handlers/refresh-tokens.ts";
import { type DueServers, dueServers, push } from "../../builders/due-servers.ts";

const ID = "srv_0";
type Ended = Extract<Connection, { readonly state: "reconnect_required" }>;

describe("a grant that was given up for unclear reasons", () => {
  let world: DueServers;
  let take: OnPush;
  beforeEach(async () => {
    world = await dueServers(2);
    take = onPush(world.system);
  });
  afterEach(() => world.close());

  const read = async () => (await world.system.records.get("mailServers", ID)) ?? assert.fail("it is there");
  /** The server as a release left it. Earlier releases did not record what had ended the grant. */
  const giveUp = async (changes: Partial<Ended> = {}): Promise<void> => {
    const { version, value } = await read();
    const grant = grantOf(value) ?? assert.fail("it was connected");
    const connection: Connection = { state: "reconnect_required", grant, reason: "unclear", sinceMs: 1, ...changes };
    const after = { ...value, connection, nextCheckAtMs: null };
    await world.system.records.commit([{ op: "replace", kind: "mailServers", id: ID, version, value: after }]);
  };
  const tick = async (): Promise<void> => {
    await take(push({ tick: true }));
    for (const { data } of world.published.splice(0)) await take(push(data));
  };
  const refuses = (refusal: TokenRefusal): void => {
    world.system.oauth.refresh = async () => ({ ok: false, refusal });
  };
  const shown = async () => {
    const { connection, nextCheckAtMs } = (await read()).value;
    const { reason = null, endedBy = null } = connection.state === "reconnect_required" ? connection : {};
    return { state: connection.state, reason, endedBy, checked: nextCheckAtMs !== null };
  };
  const LOST = { state: "reconnect_required", checked: false } as const;

  it("by an earlier release recovers by itself, with its mail, if it is alive", async () => {
    await giveUp();
    const asked: unknown[] = [];
    const { publish } = world.system.publisher;
    world.system.publisher.publish = async (topic, message) => {
      if (topic === "mail-dispatch") asked.push(message.data);
      else await publish(topic, message);
    };
    await tick();
    assert.equal((await shown()).state, "valid");
    assert.deepEqual(asked, [{ server: ID }]);
  });

  it("by an earlier release is checked until Google gives a conclusive answer", async () => {
    await giveUp();
    refuses({ kind: "unreachable", reason: "status 400, error internal_error", retryAfterS: 5 });
    await tick();
    assert.deepEqual(await shown(), { state: "reconnect_required", reason: "unclear", endedBy: null, checked: true });
    refuses({ kind: "client_rejected", error: "disabled_client" });
    world.clock.advance(DAY);
    await tick();
    assert.equal((await shown()).checked, true);
    refuses({ kind: "ended", error: "invalid_grant", description: "Account has been deleted", subtype: null });
    world.clock.advance(DAY);
    await tick();
    assert.deepEqual(await shown(), { ...LOST, reason: "account_deleted", endedBy: "invalid_grant" });
    world.clock.advance(2 * DAY);
    await tick();
    assert.equal((await shown()).checked, false, "and no more, whichever instance looks");
  });

  it("by an earlier release that still runs beside this one is found within a day", async () => {
    await tick();
    await giveUp();
    await tick();
    assert.equal((await shown()).state, "reconnect_required");
    world.clock.advance(DAY);
    await tick();
    assert.equal((await shown()).state, "valid");
  });

  it("by this release, for other reasons, or by a person is left alone", async () => {
    for (const changes of [
      { endedBy: "invalid_grant" },
      { reason: "password_or_revoked" },
      { reason: "admin_policy", endedBy: "admin_policy_enforced" },
    ] as const) {
      await giveUp(changes);
      await onPush(world.system)(push({ tick: true }));
      assert.ok(!world.published.splice(0).some(({ data }) => JSON.stringify(data).includes(ID)));
      await take(push({ server: ID }));
      assert.equal((await shown()).state, "reconnect_required");
      assert.deepEqual(await accessTokens(world.system).renew(ID), { ok: false, why: "not_connected" });
    }
  });

  it("recovers at once if a person tests the connection", async () => {
    await giveUp();
    assert.equal((await accessTokens(world.system).renew(ID)).ok, true);
    const { state, checked } = await shown();
    assert.deepEqual({ state, checked }, { state: "valid", checked: true });
  });

  it("shows Google's present answer if a person tests the connection and the test fails", async () => {
    await giveUp();
    refuses({ kind: "ended", error: "policy_enforced", description: null, subtype: null });
    const outcome = await accessTokens(world.system).renew(ID);
    assert.deepEqual(outcome, { ok: false, why: "grant_dead", reason: "advanced_protection" });
    assert.deepEqual(await shown(), { ...LOST, reason: "advanced_protection", endedBy: "policy_enforced" });
    world.clock.advance(HOUR);
  });
});
