import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { HOUR } from "../../../functions/domain/clock.ts";
import { retryMessage } from "../../../functions/domain/messages/commands/retry-message.ts";
import { deliverMessage } from "../../../functions/domain/messages/deliver/deliver.ts";
import { dispatchDue } from "../../../functions/domain/messages/due/dispatch.ts";
import { type Delivery, delivery } from "../../builders/delivery.ts";
import { OPERATOR, validConnection } from "../../builders/mail-server.ts";

let stack: Delivery;
beforeEach(async () => {
  stack = await delivery();
});

const ID = "msg_1";
const verified = (...addresses: readonly string[]) =>
  validConnection({ sendAs: { addresses: ["ada@example.com", ...addresses], readAtMs: 0 } });

/** What happens within an hour to the address given as `from`. */
const scheduled = async (from: string): Promise<void> => {
  const scheduledAtMs = stack.clock.nowMs() + HOUR;
  await stack.accept(ID, { status: "scheduled", scheduledAtMs, dueAtMs: scheduledAtMs, from });
};
const whenDue = async (): Promise<void> => {
  stack.clock.advance(HOUR);
  await dispatchDue(stack.deps);
  for (const id of stack.published()) await deliverMessage(stack.deps, id);
};

test("a verified address may send, whatever its case", async () => {
  await stack.setServer({ connection: verified("sales@example.com") });
  await scheduled("Sales@Example.com");
  await whenDue();
  assert.equal((await stack.message(ID)).status, "sent");
});

test("an address that is no longer verified is not handed to Gmail, which would rewrite it; once verified, a retry sends", async () => {
  await stack.setServer({ connection: verified("sales@example.com") });
  await scheduled("sales@example.com");
  await stack.setServer({ connection: verified() });
  await whenDue();
  const failed = await stack.message(ID);
  assert.equal(failed.status, "failed");
  assert.equal(failed.attempts.at(-1)?.problem, "sender_refused");
  assert.equal(stack.attempts.length, 0);
  await stack.setServer({ connection: verified("sales@example.com") });
  assert.ok((await retryMessage(stack.deps, OPERATOR, ID)).ok);
  for (const id of stack.published()) await deliverMessage(stack.deps, id);
  assert.equal((await stack.message(ID)).status, "sent");
});

test("after a server is given to another account, it does not send the former account's messages", async () => {
  await scheduled("ada@example.com");
  await stack.setServer({ username: "bob@example.com", connection: validConnection({ email: "bob@example.com" }) });
  await whenDue();
  assert.equal((await stack.message(ID)).status, "failed");
  assert.equal(stack.attempts.length, 0);
});

test("under the Gmail API an operator's word is enough, for as long as it is given", async () => {
  const vouched = { transport: "gmail_api", sendAsUnchecked: true } as const;
  await stack.setServer(vouched);
  await scheduled("sales@example.com");
  await whenDue();
  assert.equal((await stack.message(ID)).status, "sent");
});
