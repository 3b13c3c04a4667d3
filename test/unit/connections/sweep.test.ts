import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { askForCheck } from "../../../functions/domain/connections/checks/ask-for-check.ts";
import { onPush } from "../../../functions/runtime/handlers/refresh-tokens.ts";
import type { System } from "../../../functions/runtime/system.ts";
import { dueServers, push } from "../../builders/due-servers.ts";
import { measuredSweeps } from "../../builders/sweep-process.ts";

describe("a sweep of many due servers", () => {
  it("costs two reads and two writes per server, however many there are, and no more memory", {
    timeout: 280_000,
  }, async () => {
    const [small, large] = await measuredSweeps([100, 400], "growth");
    assert.ok(small && large);
    for (const [count, { counts }] of [
      [100, small],
      [400, large],
    ] as const) {
      const { mailServers, accessTokens, serversDueForCheck, serversByAge, ...shared } = counts.reads;
      assert.equal(mailServers, count);
      assert.equal(accessTokens, count);
      assert.equal(counts.writes, 2 * count);
      assert.equal(counts.secretsRead, count + 1, "its refresh token, and once the client's secret");
      assert.equal(serversDueForCheck, Math.ceil(count / 100) + 1, "pages of a hundred");
      assert.equal(serversByAge, count / 100, "looked through once an instance, for grants given up by mistake");
      assert.deepEqual(shared, { settings: 1, oauthClients: 1, secretSweepsDue: 2 }, "what they share is read once");
    }
    // They differ by 70 to 85 bytes per server. A single log line kept of each would take 210 more.
    const [least, most] = [small, large].map(({ peakHeap, heapBefore }) => peakHeap - heapBefore);
    const perServer = (Number(most) - Number(least)) / (400 - 100);
    assert.ok(perServer <= 200, `${least} bytes for 100 servers, ${most} for 400`);
  });

  it("continues where it was interrupted, and a check that is requested twice does no harm", async () => {
    const world = await dueServers(250);
    let left = 120;
    const dying: System = {
      ...world.system,
      publisher: {
        publish: async (topic, message) => {
          left -= 1;
          if (left < 0) throw new Error("killed");
          await world.system.publisher.publish(topic, message);
        },
      },
    };
    await assert.rejects(onPush(dying)(push({ tick: true })));
    assert.equal(world.published.length, 120);
    const take = onPush(world.system);
    for (const { data } of world.published.splice(0)) await Promise.all([take(push(data)), take(push(data))]);
    world.clock.advance(1);
    await take(push({ tick: true }));
    assert.equal(world.published.length, 130, "those that had not been asked for");
    for (const { data } of world.published.splice(0)) await take(push(data));
    await take(push({ tick: true }));
    assert.equal(world.published.length, 0);
    world.close();
  });

  it("asks Google once per server although every tick requests what is not done, and again after a security event", async () => {
    const world = await dueServers(3);
    const take = onPush(world.system);
    for (const _ of [1, 2, 3]) await take(push({ tick: true }));
    assert.equal(world.published.length, 9);
    for (const { data } of world.published.splice(0)) await take(push(data));
    assert.equal(world.google.refreshes, 3);
    await askForCheck(world.system, "srv_1", "now");
    for (const { data } of world.published.splice(0)) await take(push(data));
    assert.equal(world.google.refreshes, 4);
    world.close();
  });

  it("puts servers in error while Google refuses the client, not during an outage, and tries again within half an hour", async () => {
    const world = await dueServers(3);
    const take = onPush(world.system);
    for (const trouble of ["down", "rejectsClient"] as const) {
      world.google[trouble] = true;
      await take(push({ tick: true }));
      assert.equal(world.published.length, 3);
      for (const { data } of world.published.splice(0)) await take(push(data));
      world.google[trouble] = false;
      for (const at of [0, 1, 2]) {
        const server = await world.system.records.get("mailServers", `srv_${at}`);
        assert.equal(server?.value.connection.state, trouble === "down" ? "valid" : "error");
      }
      const told = world.lines.splice(0).filter(({ severity }) => severity === "error");
      assert.deepEqual(
        told.map(({ code }) => code),
        trouble === "down" ? [] : ["oauth_client_rejected"],
        "one problem for the operators, however many servers it concerns",
      );
      world.clock.advance(30 * 60_000);
    }
    await take(push({ tick: true }));
    for (const { data } of world.published.splice(0)) await take(push(data));
    assert.equal(world.google.refreshes, 3);
    for (const at of [0, 1, 2]) {
      const server = await world.system.records.get("mailServers", `srv_${at}`);
      assert.equal(server?.value.connection.state, "valid");
    }
    world.close();
  });
});
