import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { jweSealerWithRing, type SealingKey } from "../../../functions/adapters/sealing/jwe-sealer.ts";
import { acceptMessage } from "../../../functions/domain/messages/accept/accept.ts";
import { HTTP_SIZE_LIMIT } from "../../../functions/domain/messages/accept/message-input.ts";
import type { PushMessage } from "../../../functions/runtime/event-edge.ts";
import { onPush as deliverMail } from "../../../functions/runtime/handlers/deliver-mail.ts";
import { onPush as dispatchDue } from "../../../functions/runtime/handlers/dispatch-due.ts";
import type { System } from "../../../functions/runtime/system.ts";
import { type Relais, SETUP, startRelais } from "./relais.ts";

const ACCOUNTS = ["ada@example.com", "grace@example.com"] as const;
const EACH = 100;

describe("rotating the sealing key", () => {
  let relais: Relais;
  before(async () => {
    relais = await startRelais();
  });
  after(() => relais.close());

  it("fails none of 200 mails in progress, and costs each server at most one more token", {
    timeout: 280_000,
  }, async () => {
    const newKey = (kid: string): SealingKey => ({ kid, key: randomBytes(32) });
    let ring: readonly SealingKey[] = [newKey("1")];
    const sealer = jweSealerWithRing({
      current: async () => ring.at(-1) ?? assert.fail("a ring is never empty"),
      find: async (kid) => ring.find((one) => one.kid === kid)?.key,
      isDisabled: async () => false,
    });
    const system: System = { ...relais.system, sealer };
    const servers: string[] = [];
    for (const username of ACCOUNTS) {
      const id = await relais.addServer({ name: username, username, limits: { perMinute: 1_000, perDay: 2_000 } });
      const answer = await (await relais.browser(SETUP)).connect(id, { account: username });
      assert.equal(answer.status, 303, await answer.text());
      servers.push(id);
    }
    for (let at = 0; at < EACH * servers.length; at += 1) {
      const json = { server: servers[at % servers.length], to: "b@example.org", subject: `No ${at}`, text: "Bonjour" };
      const submission = { principal: { kind: "setup" }, json, idempotencyKey: null } as const;
      const accepted = await acceptMessage(system, { ...submission, sizeLimit: HTTP_SIZE_LIMIT });
      assert.ok(accepted.ok, JSON.stringify(accepted));
    }
    // What was sealed while connecting was sealed by a key ring that nobody holds any more, so the first mail of each
    // server asks Google.
    const grants = (): number =>
      Object.values(relais.sandbox.control.counters().tokenGrants.refresh_token).reduce((sum, count) => sum + count, 0);
    const before = grants();
    let delivered = 0;
    for (let rounds = 0; rounds < 100; rounds += 1) {
      const due = relais.published.splice(0).filter(({ topic }) => topic === "mail-send");
      for (let at = 0; at < due.length; at += 8) {
        // Each is sealed by an instance of its own, which remembers nothing.
        const take = deliverMail(system);
        const batch = due.slice(at, at + 8).map(({ message }) => push(message.data, message.attributes));
        const underWay = Promise.all(batch.map(take));
        // In the midst of these: some have opened the token with the old ring, others will do so with the new one.
        await new Promise(setImmediate);
        if (delivered >= 60 && ring.at(-1)?.kid === "1") ring = [...ring, newKey("2")];
        if (delivered >= 130) ring = ring.slice(-1);
        assert.deepEqual([...new Set(await underWay)], ["ack"]);
        delivered += batch.length;
      }
      if (relais.sandbox.control.mails().length === EACH * servers.length) break;
      relais.clock.advance(60_000);
      await dispatchDue(system)(push({ tick: true }, {}));
    }
    assert.deepEqual(
      ring.map(({ kid }) => kid),
      ["2"],
      "it was rotated, and the old key is gone",
    );
    assert.equal(relais.sandbox.control.mails().length, EACH * servers.length);
    const page = await system.records.query("messagesNewest", {}, { limit: 200 });
    assert.ok(page !== "bad_cursor");
    assert.ok(page.items.every(({ value }) => value.status === "sent"));
    const [first, extra] = [servers.length, servers.length];
    assert.ok(grants() - before <= first + extra, `${grants() - before} grants`);
    await Promise.all(Object.values(system.transports).map((transport) => transport.close()));
  });
});

const push = (data: unknown, attributes: PushMessage["attributes"]): PushMessage => ({
  data: Buffer.from(JSON.stringify(data)),
  attributes,
  messageId: "1",
  deliveryAttempt: 1,
});
