import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { DAY, HOUR, MINUTE } from "../../../functions/domain/clock.ts";
import { resolveByPerson } from "../../../functions/domain/messages/commands/resolve-by-person.ts";
import { deliverMessage } from "../../../functions/domain/messages/deliver/deliver.ts";
import { dispatchDue } from "../../../functions/domain/messages/due/dispatch.ts";
import { acceptedMessage, acceptsAll, type Delivery, delivery, losesReply, SERVER } from "../../builders/delivery.ts";
import { grant, OPERATOR, SEND_ONLY } from "../../builders/mail-server.ts";

let stack: Delivery;
beforeEach(async () => {
  stack = await delivery();
});
afterEach(() => stack.close());

const ID = "msg_1";
const UNSEARCHABLE = {
  transport: "gmail_api",
  connection: { state: "valid", grant: grant({ scopes: [SEND_ONLY] }) },
} as const;

/** Runs ticks for that many minutes, and delivers twice what each of them publishes. */
const run = async (minutes: number): Promise<void> => {
  for (let minute = 0; minute < minutes; minute += 1) {
    await dispatchDue(stack.deps);
    for (const id of stack.published().flatMap((id) => [id, id])) await deliverMessage(stack.deps, id);
    stack.clock.advance(MINUTE);
  }
};

test("if Gmail loses every reply, copies are sent more and more rarely, and after 72 hours a person decides", async () => {
  await stack.setServer(UNSEARCHABLE);
  await stack.accept(ID, { onUnknown: "resend" });
  stack.gmail = losesReply;
  await deliverMessage(stack.deps, ID);
  await run(10);
  assert.ok(stack.attempts.length >= 3 && stack.attempts.length <= 5, `${stack.attempts.length} in ten minutes`);
  for (let hours = 0; hours < 4 * 24; hours += 1) {
    await run(3);
    stack.clock.advance(HOUR - 3 * MINUTE);
  }
  const message = await stack.message(ID);
  assert.ok(message.status === "unknown" && message.dueAtMs === null);
  assert.match(message.timeline.at(-1)?.note ?? "", /72 hours/);
  assert.ok(stack.attempts.length < 90, `${stack.attempts.length} copies`);
});

test("a message that a person left in doubt for days has its attempts before it once it is resent", async () => {
  await stack.setServer(UNSEARCHABLE);
  await stack.accept(ID);
  stack.gmail = losesReply;
  await deliverMessage(stack.deps, ID);
  stack.clock.advance(5 * DAY);
  await resolveByPerson(stack.deps, OPERATOR, { id: ID, body: { as: "resend" } });
  await run(1);
  assert.equal(stack.attempts.length, 2);
});

test("a message whose server is gone stays in doubt, since failed would say that nobody has it", async () => {
  await stack.setServer(UNSEARCHABLE);
  await stack.accept(ID, { onUnknown: "resend" });
  stack.gmail = losesReply;
  await deliverMessage(stack.deps, ID);
  await stack.deps.records.commit([{ op: "delete", kind: "mailServers", id: SERVER }]);
  await run(3);
  const message = await stack.message(ID);
  assert.ok(message.status === "unknown" && message.dueAtMs === null);
  assert.match(message.timeline.at(-1)?.note ?? "", /deleted/);
});

/** Gmail accepts it for `b@y.org` and defers `c@y.org`; the reply to the next attempt, for `c@y.org` alone, is lost. */
const lostForTheSecond = async (onUnknown: "hold" | "resend"): Promise<void> => {
  await stack.accept(ID, { ...acceptedMessage(stack.clock, ID, ["b@y.org", "c@y.org"]), onUnknown });
  const reply = { code: 451, enhanced: null, response: "later" };
  stack.gmail = async (_mail, beforeData) => {
    const refused = [{ address: "c@y.org", reply }];
    await beforeData(refused);
    const taken = { code: 250, enhanced: null, response: "OK" };
    return { kind: "accepted", accepted: ["b@y.org"], refused, reply: taken, providerId: null };
  };
  await deliverMessage(stack.deps, ID);
  stack.gmail = losesReply;
  stack.clock.advance(2 * MINUTE);
  await run(1);
  assert.equal(stack.attempts.length, 2);
};

test("an earlier copy to some is no proof for the others: a person decides, or it is sent again", async () => {
  // The sent mail shows the first copy.
  stack.lookup = "found";
  await lostForTheSecond("hold");
  await run(90);
  const held = await stack.message(ID);
  assert.ok(held.status === "unknown" && held.dueAtMs === null);
  assert.match(held.timeline.at(-1)?.note ?? "", /earlier attempt/);
  assert.deepEqual(
    held.recipients.map(({ state }) => state),
    ["accepted", "pending"],
  );
});

test("the same holds with resend: it is sent again to those who may not have it", async () => {
  stack.lookup = "found";
  await lostForTheSecond("resend");
  stack.gmail = acceptsAll;
  await run(3);
  assert.equal((await stack.message(ID)).status, "sent");
  assert.deepEqual(stack.attempts.at(-1)?.mail.envelope.to, ["c@y.org"]);
  assert.equal(stack.attempts.length, 3);
});

test("a message that a person declares failed, and that has reached some, is sent with the others rejected", async () => {
  await lostForTheSecond("hold");
  await resolveByPerson(stack.deps, OPERATOR, { id: ID, body: { as: "failed" } });
  const { status, recipients } = await stack.message(ID);
  assert.equal(status, "sent");
  assert.deepEqual(
    recipients.map(({ state }) => state),
    ["accepted", "rejected"],
  );
});
