import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { deliverMessage } from "../../../functions/domain/messages/deliver/deliver.ts";
import { dispatchDue } from "../../../functions/domain/messages/due/dispatch.ts";
import { type Delivery, delivery, refuses } from "../../builders/delivery.ts";

describe("a refusal of fresh tokens by Gmail", () => {
  let stack: Delivery;
  beforeEach(async () => {
    stack = await delivery();
    await stack.accept("msg_1");
    stack.gmail = refuses("auth", 535, "5.7.8");
  });

  const connection = async () => {
    const server = (await stack.deps.records.get("mailServers", "srv_one")) ?? assert.fail("the server is there");
    return server.value.connection;
  };
  const tryAgain = async (): Promise<void> => {
    const { dueAtMs } = await stack.message("msg_1");
    stack.clock.advance(Math.max(0, (dueAtMs ?? 0) - stack.clock.nowMs()));
    await dispatchDue(stack.deps);
    await deliverMessage(stack.deps, "msg_1");
  };

  it("is taken for a passing fault at first: the message is retried, and the server stays as it is", async () => {
    await deliverMessage(stack.deps, "msg_1");
    await tryAgain();
    assert.equal((await stack.message("msg_1")).status, "deferred");
    assert.equal((await connection()).state, "valid");
  });

  it("means a broken account if it repeats: the server is in error, its mail is held, and none is lost", async () => {
    await deliverMessage(stack.deps, "msg_1");
    await tryAgain();
    await tryAgain();
    const now = await connection();
    assert.ok(now.state === "error" && now.reason === "gmail_refused");
    const message = await stack.message("msg_1");
    assert.ok(message.status === "held" && message.because === "reconnect_required");
    assert.equal(message.attempts.at(-1)?.problem, "gmail_refused");
    await stack.accept("msg_2");
    const before = stack.attempts.length;
    await deliverMessage(stack.deps, "msg_2");
    assert.equal(stack.attempts.length, before, "the others do not knock in vain");
    assert.equal((await stack.message("msg_2")).status, "held");
  });
});
