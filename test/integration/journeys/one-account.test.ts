import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { connect, connectedServer, createServer, type Stack, startStack } from "../../builders/connected-stack.ts";

const FULL_MAIL = "https://mail.google.com/";

describe("two mail servers on one Google account", () => {
  let stack: Stack;
  let first: string;
  let second: string;
  let mails = 0;

  before(async () => {
    stack = await startStack();
    first = await connectedServer(stack, { name: "Facturation" });
    second = await createServer(stack, { name: "Relances" });
    const back = await connect(stack, second);
    assert.equal(back.status, 303, await back.text());
  });
  after(() => stack.stop());

  const stateOf = async (server: string): Promise<string> => {
    const answer = await stack.relais.operate("GET", `/v1/mail-servers/${server}`);
    const { connection }: { connection: { state: string } } = await answer.json();
    return connection.state;
  };

  const assertSending = async (server: string): Promise<void> => {
    assert.equal(await stateOf(server), "valid");
    const test = await stack.relais.operate("POST", `/v1/mail-servers/${server}/test`, {});
    const tested: { ok: boolean } = await test.json();
    assert.equal(tested.ok, true, JSON.stringify(tested));
    mails += 1;
    const body = { server, to: "client@example.org", subject: `Relance ${mails}`, text: "Bonjour" };
    const answer = await stack.relais.operate("POST", "/v1/messages", body, { Prefer: "wait=30" });
    const message: { status: string; messageId: string } = await answer.json();
    assert.equal(message.status, "sent", JSON.stringify(message));
    assert.equal(stack.sandbox.control.mails().filter((mail) => mail.messageId === message.messageId).length, 1);
  };

  it("both send", async () => {
    await assertSending(first);
    await assertSending(second);
  });

  it("stay as they were if another account is chosen for one", async () => {
    const back = await connect(stack, second, { account: "grace@example.com" });
    assert.equal(back.headers.get("x-relais-problem"), "account_mismatch");
    await assertSending(first);
    await assertSending(second);
  });

  it("stay as they were if a scope is unchecked for one", async () => {
    const back = await connect(stack, second, { untick: [FULL_MAIL] });
    assert.equal(back.headers.get("x-relais-problem"), "scope_missing");
    await assertSending(first);
    await assertSending(second);
  });

  it("keep sending, with Google's grant, if the other is disconnected", async () => {
    const answer = await stack.relais.operate("POST", `/v1/mail-servers/${second}/disconnect`);
    assert.deepEqual(await answer.json(), { revoked: false, sharedWith: [first] });
    assert.equal(await stateOf(second), "not_connected");
    await assertSending(first);
  });

  it("have their grant revoked at Google once the last one is disconnected", async () => {
    const answer = await stack.relais.operate("POST", `/v1/mail-servers/${first}/disconnect`);
    assert.deepEqual(await answer.json(), { revoked: true, sharedWith: [] });
    assert.equal(await stateOf(first), "not_connected");
  });
});
