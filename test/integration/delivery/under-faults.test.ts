import assert from "node:assert/strict";
import { after, afterEach, before, suite, test } from "node:test";
import { connect, connectedServer, type Stack, startStack } from "../../builders/connected-stack.ts";
import { eventually } from "../../builders/eventually.ts";

interface MessageJson {
  readonly id: string;
  readonly messageId: string;
  readonly status: string;
  readonly attempts?: readonly { readonly outcome: string; readonly problem?: string | null }[];
}

/** Time runs 60 times as fast: a minute's wait takes a second, and so does the network's shortest time-out. */
suite("Sending while Gmail misbehaves", () => {
  let stack: Stack;
  let server: string;
  before(async () => {
    stack = await startStack({ RELAIS_TIME_SCALE: "60" });
    server = await connectedServer(stack);
  });
  after(() => stack.stop());
  afterEach(() => {
    stack.sandbox.control.clear();
    stack.sandbox.control.clearMails();
  });

  const post = async (fields: Readonly<Record<string, unknown>> = {}): Promise<MessageJson> => {
    const message = { server, to: "b@example.org", subject: "Bonjour", text: "Bonjour", ...fields };
    const answer = await stack.relais.operate("POST", "/v1/messages", message);
    assert.equal(answer.status, 202, await answer.clone().text());
    return answer.json();
  };
  const read = async (id: string): Promise<MessageJson> =>
    (await stack.relais.operate("GET", `/v1/messages/${id}`)).json();
  const becomes = (id: string, status: string): Promise<MessageJson> =>
    eventually(`${id} is ${status}`, async () => {
      const message = await read(id);
      return message.status === status && message;
    });
  const sessionsClosed = (): Promise<unknown> =>
    eventually("no session is open", () => stack.sandbox.control.transcripts().every(({ closed }) => closed));
  const copies = (messageId: string): number =>
    stack.sandbox.control.mails().filter((mail) => mail.messageId === messageId).length;

  test("a message whose reply is lost after the last byte is found in the sent mail, and sent once", async () => {
    stack.sandbox.control.set({ fault: "smtp_drop", when: "after_last_byte" }, { times: 1 });
    const { id, messageId } = await post();
    const sent = await becomes(id, "sent");
    assert.equal(copies(messageId), 1);
    assert.equal(sent.attempts?.[0]?.outcome, "unknown");
  });

  test("a message that Gmail never stored stays unknown until a person decides", async () => {
    stack.sandbox.control.set({ fault: "smtp_drop", when: "after_last_byte", stored: false }, { times: 1 });
    const { id, messageId } = await post();
    await becomes(id, "unknown");
    assert.equal(copies(messageId), 0);
    const resolved = await stack.relais.operate("POST", `/v1/messages/${id}/resolve`, { as: "resend" });
    assert.ok(resolved.ok, await resolved.clone().text());
    await becomes(id, "sent");
    assert.equal(copies(messageId), 1);
  });

  for (const fault of [
    { fault: "smtp_reply", stage: "body", code: 451 },
    { fault: "smtp_reply", stage: "connect", code: 421 },
    { fault: "smtp_drop", when: "mail" },
    { fault: "smtp_drop", when: "before_data" },
    { fault: "smtp_stall", stage: "rcpt" },
  ] as const) {
    test(`after ${Object.values(fault).join(" ")} it is deferred, then sent once`, async () => {
      await sessionsClosed();
      stack.sandbox.control.set(fault, { times: 1 });
      const { id, messageId } = await post();
      const sent = await becomes(id, "sent");
      assert.equal(copies(messageId), 1);
      assert.ok(sent.attempts?.some(({ outcome }) => outcome === "deferred"));
    });
  }

  test("a permanent refusal fails the message", async () => {
    stack.sandbox.control.set({ fault: "smtp_reply", stage: "rcpt", code: 550, enhanced: "5.1.1" });
    const { id } = await post();
    const failed = await becomes(id, "failed");
    assert.equal(failed.attempts?.at(-1)?.problem, "recipients_refused");
  });

  test("after a revocation at Google mail is held by the first failed send, and leaves once after the reconnect", async () => {
    // A session that was logged in before may continue until it is idle for too long.
    await sessionsClosed();
    stack.sandbox.control.revoke("ada@example.com");
    const accepted = await Promise.all([1, 2, 3].map((n) => post({ subject: `${n}` })));
    for (const { id } of accepted) await becomes(id, "held");
    const back = await connect(stack, server);
    assert.equal(back.status, 303, await back.text());
    for (const { id, messageId } of accepted) {
      await becomes(id, "sent");
      assert.equal(copies(messageId), 1);
    }
  });
});
