import assert from "node:assert/strict";
import { beforeEach, suite, test } from "node:test";
import { withBcc } from "../../../functions/adapters/gmail-api/with-bcc.ts";
import { HOUR, MINUTE } from "../../../functions/domain/clock.ts";
import { retryMessage } from "../../../functions/domain/messages/commands/retry-message.ts";
import { deliverMessage } from "../../../functions/domain/messages/deliver/deliver.ts";
import { dispatchDue } from "../../../functions/domain/messages/due/dispatch.ts";
import type { Message, MissingField } from "../../../functions/domain/messages/message.ts";
import { acceptedMessage, acceptsAll, type Delivery, delivery, refuses } from "../../builders/delivery.ts";
import { OPERATOR } from "../../builders/mail-server.ts";
import { FROM, ID, rawMail, TO, wholeMail } from "../../builders/raw-mail.ts";

let stack: Delivery;
beforeEach(async () => {
  stack = await delivery();
});

const MSG = "msg_1";

const accept = (
  mail: Buffer,
  { missing = [], to = ["b@example.org"] }: { missing?: readonly MissingField[]; to?: readonly string[] } = {},
) => {
  const body: Message["body"] = { kind: "raw", text: mail.toString("latin1"), missing };
  return stack.accept(MSG, { ...acceptedMessage(stack.clock, MSG, to), body });
};

test("every attempt hands over the same bytes, of any octets", async () => {
  const mail = rawMail(
    [FROM, TO, ID],
    Buffer.from(Array.from({ length: 255 }, (_, n) => n + 1).filter((n) => n !== 10 && n !== 13)),
  );
  await accept(mail);
  stack.gmail = refuses("data", 451);
  await deliverMessage(stack.deps, MSG);
  stack.clock.advance(HOUR);
  await dispatchDue(stack.deps);
  stack.gmail = acceptsAll;
  await deliverMessage(stack.deps, MSG);
  assert.equal(stack.attempts.length, 2);
  for (const { mail: sent } of stack.attempts) assert.ok(sent.raw.equals(mail));
  const { status, body } = await stack.message(MSG);
  assert.deepEqual([status, body.kind], ["sent", "erased"]);
});

test("missing fields stand in front, and stay the same at every attempt", async () => {
  const mail = rawMail([TO, "DKIM-Signature: x"]);
  await accept(mail, { missing: ["Date", "Message-ID", "From"] });
  stack.gmail = refuses("data", 451);
  await deliverMessage(stack.deps, MSG);
  stack.clock.advance(HOUR);
  await dispatchDue(stack.deps);
  await deliverMessage(stack.deps, MSG);
  const [first, second] = stack.attempts.map((attempt) => attempt.mail.raw.toString("latin1"));
  assert.equal(first, second);
  assert.match(
    first ?? "",
    /^Date: \w{3}, \d\d \w{3} \d{4} [\d:]{8} \+0000\r\nMessage-ID: <msg_1@example\.com>\r\nFrom: ada@example\.com\r\nTo: /,
  );
  assert.ok(first?.endsWith(mail.toString("latin1")));
});

test("a failed one keeps its bytes for retry", async () => {
  await accept(wholeMail());
  stack.gmail = refuses("body", 554, "5.6.0", "no");
  await deliverMessage(stack.deps, MSG);
  assert.equal((await stack.message(MSG)).status, "failed");
  stack.gmail = acceptsAll;
  assert.ok((await retryMessage(stack.deps, OPERATOR, MSG)).ok);
  stack.clock.advance(MINUTE);
  await deliverMessage(stack.deps, MSG);
  assert.equal((await stack.message(MSG)).status, "sent");
  assert.ok(stack.attempts.at(-1)?.mail.raw.equals(wholeMail()));
});

test("it is never offered in another form: no server may be given it in 7 bits", async () => {
  await accept(wholeMail());
  await deliverMessage(stack.deps, MSG);
  assert.equal(stack.attempts[0]?.mail.sevenBit, undefined);
});

test("refused because the server would need it in 7 bits, it fails and stays for retry", async () => {
  await accept(wholeMail());
  const reply = { code: 554, enhanced: "5.6.3", response: "7 bits alone" };
  stack.gmail = async () => ({
    kind: "refused",
    stage: "mail",
    reply,
    refused: [],
    retryAfterMs: null,
    lacks: "8bitmime",
  });
  await deliverMessage(stack.deps, MSG);
  const { status, attempts } = await stack.message(MSG);
  assert.deepEqual([status, attempts[0]?.problem], ["failed", "message_refused"]);
});

suite("a transport that sends to everyone in the header", () => {
  beforeEach(() => stack.setServer({ transport: "gmail_api" }));

  test("is given no mail that would reach more than its recipients, although its server was another at acceptance", async () => {
    await accept(rawMail([FROM, ID, "To: b@example.org, z@example.org"]));
    await deliverMessage(stack.deps, MSG);
    assert.equal(stack.attempts.length, 0);
    const { status, attempts } = await stack.message(MSG);
    assert.deepEqual([status, attempts[0]?.problem], ["failed", "envelope_unsupported"]);
  });

  test("is not given a mail of which some in To have had it by an earlier attempt over SMTP", async () => {
    const to = ["b@example.org", "c@example.org"];
    const mail = rawMail([FROM, ID, `To: ${to.join(", ")}`]);
    const message = acceptedMessage(stack.clock, MSG, to);
    const recipients = message.recipients.map((one, at) => (at === 0 ? { ...one, state: "accepted" as const } : one));
    await stack.accept(MSG, {
      ...message,
      recipients,
      body: { kind: "raw", text: mail.toString("latin1"), missing: [] },
    });
    await deliverMessage(stack.deps, MSG);
    assert.equal(stack.attempts.length, 0);
    const { status, attempts } = await stack.message(MSG);
    assert.deepEqual([status, attempts[0]?.problem], ["sent", "envelope_unsupported"]);
  });

  test("gets the blind recipients in a Bcc in front of the bytes, whatever comments and groups To holds", () => {
    const mail = rawMail([FROM, 'To: "c@example.org" <b@example.org>, (d@example.org) amis: e@example.org;']);
    const to = ["b@example.org", "c@example.org", "d@example.org", "e@example.org"];
    const sent = withBcc({ envelope: { from: "ada@example.com", to }, raw: mail });
    assert.equal(sent?.toString(), `Bcc: c@example.org,\r\n d@example.org\r\n${mail}`);
  });
});
