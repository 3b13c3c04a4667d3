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

/** So many minutes of ticks; what each publishes is delivered twice. */
const run = async (minutes: number): Promise<void> => {
  for (let minute = 0; minute < minutes; minute += 1) {
    await dispatchDue(stack.deps);
    for (const id of stack.published().flatMap((id) => [id, id])) await deliverMessage(stack.deps, id);
    stack.clock.advance(MINUTE);
  }
};

test("a Gmail that loses every reply is not sent a copy a minute: ever seldomer, and after 72 hours a person decides", async () => {
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

test("a message that a person left in doubt for days has its tries before it once it is resent", async () => {
  await stack.setServer(UNSEARCHABLE);
  await stack.accept(ID);
  stack.gmail = losesReply;
  await deliverMessage(stack.deps, ID);
  stack.clock.advance(5 * DAY);
  await resolveByPerson(stack.deps, OPERATOR, { id: ID, body: { as: "resend" } });
  await run(1);
  assert.equal(stack.attempts.length, 2);
});

test("what cannot be sent again because its server is gone stays in doubt: failed would say that nobody has it", async () => {
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

/** Gmail takes it for `b@y.org` and puts `c@y.org` off; the reply to the next try, for `c@y.org` alone, is lost. */
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

test("the copy that some had before is no proof for the others: theirs is for a person, or sent again by itself", async () => {
  // What the sent mail shows is the first copy.
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

test("the same, of a message that is to be resent: it is, to those who may not have it", async () => {
  stack.lookup = "found";
  await lostForTheSecond("resend");
  stack.gmail = acceptsAll;
  await run(3);
  assert.equal((await stack.message(ID)).status, "sent");
  assert.deepEqual(stack.attempts.at(-1)?.mail.envelope.to, ["c@y.org"]);
  assert.equal(stack.attempts.length, 3);
});

test("declared failed by a person, though an earlier try has reached some: sent, the others rejected", async () => {
  await lostForTheSecond("hold");
  await resolveByPerson(stack.deps, OPERATOR, { id: ID, body: { as: "failed" } });
  const { status, recipients } = await stack.message(ID);
  assert.equal(status, "sent");
  assert.deepEqual(
    recipients.map(({ state }) => state),
    ["accepted", "rejected"],
  );
});
