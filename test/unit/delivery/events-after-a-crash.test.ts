import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { DAY, HOUR, MINUTE } from "../../../functions/domain/clock.ts";
import { acceptMessage } from "../../../functions/domain/messages/accept/accept.ts";
import { recordRefused } from "../../../functions/domain/messages/accept/record-refused.ts";
import { cancelMessage, cancelOpenMessages } from "../../../functions/domain/messages/commands/cancel.ts";
import { resolveByPerson } from "../../../functions/domain/messages/commands/resolve-by-person.ts";
import { deliverMessage } from "../../../functions/domain/messages/deliver/deliver.ts";
import { nextLookupMs } from "../../../functions/domain/messages/deliver/retry-policy.ts";
import type { DeliveryDeps } from "../../../functions/domain/messages/delivery-deps.ts";
import { dispatchDue } from "../../../functions/domain/messages/due/dispatch.ts";
import { tellForgotten } from "../../../functions/domain/notices/tell.ts";
import { type Delivery, delivery, losesReply, refuses, SERVER } from "../../builders/delivery.ts";
import { grant, OPERATOR } from "../../builders/mail-server.ts";
import { telling } from "../../builders/telling.ts";

const ID = "msg_1";

interface Act {
  readonly before?: (stack: Delivery) => Promise<unknown>;
  readonly act: (deps: DeliveryDeps, stack: Delivery) => Promise<unknown>;
  readonly tells: string;
}

const lose = async (stack: Delivery): Promise<void> => {
  await stack.accept(ID);
  stack.gmail = losesReply;
  await deliverMessage(stack.deps, ID);
  stack.clock.advance(HOUR);
};
const deliver = (deps: DeliveryDeps) => deliverMessage(deps, ID);
const toBeReconnected = (stack: Delivery) =>
  stack.setServer({
    connection: { state: "reconnect_required", grant: grant(), reason: "unclear", sinceMs: 0 },
  });

/** What a push causes: if nobody acknowledges it, the push comes again. */
const PUSHED: Readonly<Record<string, Act>> = {
  sent: { before: (stack) => stack.accept(ID), act: deliver, tells: "sent" },
  "refused for good": {
    before: async (stack) => {
      await stack.accept(ID);
      stack.gmail = refuses("body", 550, "5.7.1");
    },
    act: deliver,
    tells: "failed",
  },
  "turned down for a while": {
    before: async (stack) => {
      await stack.accept(ID);
      stack.gmail = refuses("rcpt", 421);
    },
    act: deliver,
    tells: "deferred",
  },
  "in doubt": {
    before: async (stack) => {
      await stack.accept(ID);
      stack.gmail = losesReply;
    },
    act: deliver,
    tells: "unknown",
  },
  "held, since its server must be reconnected": {
    before: async (stack) => {
      await stack.accept(ID);
      await toBeReconnected(stack);
    },
    act: deliver,
    tells: "held",
  },
  "held, since the limit is reached": {
    before: async (stack) => {
      await stack.setServer({ limits: { perMinute: 1, perDay: 1 } });
      await stack.accept("msg_0");
      await deliverMessage(stack.deps, "msg_0");
      stack.clock.advance(HOUR);
      await stack.accept(ID);
      stack.events.length = 0;
    },
    act: deliver,
    tells: "held",
  },
  "expired when it was to be sent": {
    before: (stack) => stack.accept(ID, { expiresAtMs: stack.clock.nowMs() }),
    act: deliver,
    tells: "expired",
  },
};

/** What no push would repeat. */
const ALONE: Readonly<Record<string, Act>> = {
  "called back": {
    before: (stack) => stack.accept(ID),
    act: (deps) => cancelMessage(deps, OPERATOR, ID),
    tells: "canceled",
  },
  "canceled with its server": {
    before: (stack) => stack.accept(ID),
    act: (deps) => cancelOpenMessages(deps, SERVER),
    tells: "canceled",
  },
  "expired while it waited": {
    before: async (stack) => {
      await stack.accept(ID, { expiresAtMs: stack.clock.nowMs() + MINUTE });
      stack.clock.advance(2 * MINUTE);
    },
    act: dispatchDue,
    tells: "expired",
  },
  "found in the sent mail": {
    before: async (stack) => {
      await lose(stack);
      stack.lookup = "found";
    },
    act: deliver,
    tells: "resolved",
  },
  "not found to the last": {
    before: async (stack) => {
      await lose(stack);
      for (let last = false; !last; ) {
        stack.clock.advance(DAY);
        const message = await stack.message(ID);
        assert.ok(message.status === "unknown");
        last = nextLookupMs(message.lookups + 1) === undefined;
        if (!last) await deliver(stack.deps);
      }
      stack.events.length = 0;
    },
    act: deliver,
    tells: "unknown",
  },
  "resolved by a person": {
    before: lose,
    act: (deps) => resolveByPerson(deps, OPERATOR, { id: ID, body: { as: "failed" } }),
    tells: "resolved",
  },
  "left behind after the mark": {
    before: async (stack) => {
      await stack.accept(ID);
      const dies: Delivery["gmail"] = async (_mail, beforeData) => {
        await beforeData([]);
        throw new Error("killed");
      };
      stack.gmail = dies;
      await assert.rejects(deliverMessage(stack.deps, ID), /killed/);
      stack.clock.advance(HOUR);
    },
    act: dispatchDue,
    tells: "unknown",
  },
  "accepted for a server that must be reconnected": {
    before: toBeReconnected,
    act: (deps) =>
      acceptMessage(
        { ...deps, offersSmtpUtf8: async () => null },
        {
          principal: OPERATOR,
          json: { server: SERVER, to: "b@y.org", subject: "Bonjour", text: "Bonjour" },
          idempotencyKey: null,
          sizeLimit: 1_000_000,
        },
      ),
    tells: "held",
  },
  "refused on the topic": {
    act: (deps) => recordRefused(deps, { pubsubId: "1", json: null, problem: { code: "invalid_json" } }),
    tells: "failed",
  },
};

describe("a process that dies before it has published an event", () => {
  let stack: Delivery;
  let mortal: DeliveryDeps;
  let dead: boolean;
  beforeEach(async () => {
    stack = await delivery();
    dead = true;
    const announce: DeliveryDeps["announce"] = async (event) => {
      if (dead) throw new Error("killed");
      await stack.deps.announce(event);
    };
    mortal = telling({ ...stack.deps, announce });
  });

  const types = () => stack.events.map(({ type }) => type);
  const ids = () => new Set(stack.events.map((event) => event.as?.id));

  for (const [name, { before, act, tells }] of Object.entries(PUSHED)) {
    it(`leaves it to the repeated push, for a message ${name}`, async () => {
      await before?.(stack);
      stack.events.length = 0;
      await assert.rejects(act(mortal, stack), /killed/);
      assert.deepEqual(types(), []);
      dead = false;
      await deliverMessage(mortal, ID, { again: true });
      assert.deepEqual(types(), [`relais.message.${tells}.v1`]);
      await deliverMessage(mortal, ID, { again: true });
      assert.equal(ids().size, 1, "it is the same event");
      await deliverMessage(mortal, ID);
      assert.equal(stack.events.length, 2, "a push that was merely doubled tells nothing");
    });
  }

  for (const [name, { before, act, tells }] of Object.entries(ALONE)) {
    it(`leaves it to a tick, for a message ${name}`, async () => {
      await before?.(stack);
      stack.events.length = 0;
      await act(mortal, stack);
      assert.deepEqual(types(), []);
      dead = false;
      stack.clock.advance(10 * MINUTE);
      assert.equal(await tellForgotten(mortal), 1);
      assert.deepEqual(types(), [`relais.message.${tells}.v1`]);
      stack.clock.advance(10 * MINUTE);
      assert.equal(await tellForgotten(mortal), 0, "once is enough");
    });
  }

  it("leaves it to a tick, for a limit that is nearly reached", async () => {
    await stack.setServer({ limits: { perMinute: 1, perDay: 1 } });
    await stack.accept(ID);
    await assert.rejects(deliver(mortal), /killed/);
    dead = false;
    stack.clock.advance(10 * MINUTE);
    assert.equal(await tellForgotten(mortal), 1);
    assert.deepEqual(types(), ["relais.server.quota_warning.v1"]);
  });
});
